"""A passkey in software, which answers a site's challenges like a browser."""

import json
from hashlib import sha256
from secrets import token_bytes

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestedCredentialData, AuthenticatorData

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class SoftKey:
    """One passkey of one site, in a browser whose page has `origin`."""

    def __init__(self, origin, rp_id, *, is_verifying=True):
        self.origin, self.rp_id = origin, rp_id
        self.flags = PRESENT | (VERIFIED if is_verifying else 0)
        self.private_key = ec.generate_private_key(ec.SECP256R1())
        self.id = token_bytes(32)
        self.user_handle = b""
        self.counter = 0

    def create(self, options):
        self.user_handle = websafe_decode(options["publicKey"]["user"]["id"])
        public = ES256.from_cryptography_key(self.private_key.public_key())
        attested = AttestedCredentialData.create(b"\0" * 16, self.id, public)
        data = self._data(self.flags | ATTESTED, attested)
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": bytes(data)})
        return self._answer(
            clientDataJSON=self._client_data("webauthn.create", options),
            attestationObject=attestation,
        )

    def sign(self, options):
        client_data = self._client_data("webauthn.get", options)
        data = bytes(self._data(self.flags))
        signature = self.private_key.sign(data + sha256(client_data).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            clientDataJSON=client_data,
            authenticatorData=data,
            signature=signature,
            userHandle=self.user_handle,
        )

    def _data(self, flags, attested=b""):
        return AuthenticatorData.create(
            sha256(self.rp_id.encode()).digest(), flags, self.counter, attested
        )

    def _client_data(self, kind, options):
        challenge = options["publicKey"]["challenge"]
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, **response):
        identity = websafe_encode(self.id)
        return json.dumps(
            {
                "id": identity,
                "rawId": identity,
                "type": "public-key",
                "clientExtensionResults": {},
                "response": {name: websafe_encode(value) for name, value in response.items()},
            }
        )
