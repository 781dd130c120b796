"""Tokens with a valid signature and odd claims, as another program may make them."""

import json

import jwt
import pytest
from django.conf import settings

from mainapp.api.services.tokens import claims_of, create_tokens
from mainapp.api.tokens import signing_key

ABSENT = object()
VALUES = [
    ABSENT, None, "", "x", "1e999", "9" * 400, "\ud800", "\0", -1, 0, 1e308, float("inf"),
    float("nan"), 10**30, 10**400, True, [], {}, [[1]], {"a": 1},
]  # fmt: skip
CLAIMS = ["exp", "iat", "nbf", "jti", "user_id", "token_type", "log_in", "aud", "iss", "sub"]


def encoded(payload, headers=None):
    key = signing_key(settings.SECRET_KEY)
    text = json.dumps({name: value for name, value in payload.items() if value is not ABSENT})
    return jwt.api_jws.encode(text.encode(), key, algorithm="HS256", headers=headers)


@pytest.mark.parametrize("kind", ["access", "refresh"])
@pytest.mark.parametrize("claim", CLAIMS)
def test_a_token_with_an_odd_claim_is_answered(client, alice, kind, claim, caplog):
    caplog.set_level("WARNING")
    payload = claims_of(create_tokens(user=alice))[kind]
    for value in VALUES:
        token = encoded(payload | {claim: value})
        if kind == "access":
            answer = client.get(
                "/api/v1/accounts/user/", headers={"Authorization": f"Bearer {token}"}
            )
        else:
            answer = client.post(
                "/api/v1/accounts/token/refresh/",
                {"refresh": token},
                content_type="application/json",
            )
        assert answer.status_code in (200, 400, 401), (claim, value)
        if claim in ("exp", "token_type", "log_in"):
            assert answer.status_code != 200 or value in (1e308, 10**30, 10**400, True), value

    assert [record for record in caplog.records if record.exc_info] == []


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS512"},
        {"alg": 1},
        {"alg": None},
        {"alg": []},
        {"crit": ["x"]},
        {"kid": 1},
    ],
)
def test_a_token_with_an_odd_header_is_answered(client, alice, header):
    token = encoded(claims_of(create_tokens(user=alice))["access"])
    _head, payload, signature = token.split(".")
    odd = jwt.utils.base64url_encode(json.dumps({"typ": "JWT", "alg": "HS256"} | header).encode())
    for end in (signature, ""):
        text = f"{odd.decode()}.{payload}.{end}"
        answer = client.get("/api/v1/accounts/user/", headers={"Authorization": f"Bearer {text}"})
        assert answer.status_code == 401
