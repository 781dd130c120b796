"""Applications, middleware and templates."""

import sys

from project.environment import BASE_DIR
from project.settings.process import DEBUG

INSTALLED_APPS = [
    # It takes a second to import (Twisted), and only `runserver` needs it.
    *(["daphne"] if "runserver" in sys.argv else []),
    "mainapp.pages.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "django_htmx",
    "django_celery_beat",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "mainapp.accounts.apps.SessionListConfig",
    "django_filters",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "drf_spectacular",
    "mainapp.core",
    "mainapp.accounts",
    "mainapp.market",
    "mainapp.notifications",
    "mainapp.uploads",
    "mainapp.moderation",
    "mainapp.clubs",
    "mainapp.alerts",
    "mainapp.portfolio",
    "mainapp.forum",
    "mainapp.ideas",
    "mainapp.agenda",
    "mainapp.operations",
    "mainapp.pages",
    "mainapp.api",
]

MIDDLEWARE = [
    "mainapp.core.request_ids.attach_request",
    "mainapp.pages.middleware.responses.measure_responses",
    "mainapp.core.database.limit_database_time",
    "mainapp.pages.middleware.transport.accept_any_host_from_machines",
    # Before any middleware that may respond itself, so that all responses get the headers.
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "mainapp.pages.middleware.transport.RequireHttps",
    "mainapp.pages.middleware.responses.forbid_storing",
    "mainapp.api.middleware.accept_other_addresses",
    "mainapp.api.middleware.answer_in_json",
    "mainapp.pages.middleware.refusals.refuse_unreadable_requests",
    "mainapp.core.static_serving.StaticFiles",
    "mainapp.pages.middleware.transport.CompressText",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "mainapp.pages.middleware.refusals.refuse_control_characters",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "mainapp.pages.middleware.responses.set_log_in_cookies",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "mainapp.accounts.middleware.note_second_factor",
    "mainapp.pages.middleware.access.limit_pages",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "mainapp.accounts.middleware.record_activity",
    "mainapp.pages.middleware.access.EnforcePagePolicies",
    "mainapp.clubs.middleware.FindClub",
]

ROOT_URLCONF = "project.urls"
ASGI_APPLICATION = "project.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["mainapp.core.templatetags.isolation"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "mainapp.market.context.market",
            ],
        },
    }
]
HIDE_FAILED_BLOCKS = not DEBUG  # a page is then shown without them; see core/blocks.py
STYLE_GUIDE = DEBUG  # the page /estilo/
