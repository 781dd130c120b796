"""The REST API and its description."""

from datetime import timedelta

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "mainapp.api.authentication.Bearer",
        "mainapp.api.authentication.PersonalKey",
        "mainapp.api.authentication.SiteSession",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["mainapp.api.formats.Json"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "mainapp.api.formats.OnlyJson",
    "DEFAULT_METADATA_CLASS": "mainapp.api.formats.OperationMetadata",
    "DEFAULT_PAGINATION_CLASS": "mainapp.api.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "mainapp.api.schema.Schema",
    "EXCEPTION_HANDLER": "mainapp.api.errors.exception_response",
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=5),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    "AUTH_TOKEN_CLASSES": ["mainapp.api.tokens.Access"],
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Pregão",
    "DESCRIPTION": (
        "Times are ISO 8601 in UTC, money and percent are decimal strings. Unknown fields of a "
        "mutation are refused. `/api/…` is the same as `/api/v1/…`, the final slash is optional, "
        "and `Authorization: Token …` the same as `Bearer …`. Of other services' addresses, "
        "`/api/register`, `/api/token`, `/api/token/refresh` and `/api/user` are accepted."
    ),
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "PATH_CONVERTER_OVERRIDES": {"key": int},
    "ENUM_NAME_OVERRIDES": {
        "AlertStateEnum": "mainapp.alerts.selectors.alerts.STATUSES",
        "PeriodEnum": "mainapp.accounts.models.Preferences.Period",
        "StockKindEnum": "mainapp.market.models.Stock.Kind",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "mainapp.api.schema.complete",
    ],
}
