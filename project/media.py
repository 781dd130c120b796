"""Settings of the media storage: a folder, or an S3 bucket."""

from typing import Any

from project.environment import Refusal, env

# A page must be done within 10 s, even if the bucket hangs.
CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 2, 3
PART_BYTES = 16 * 1024 * 1024  # above the largest upload, so that each takes one request


def read_media_settings() -> tuple[str, dict[str, Any]]:
    """Return the bucket's name (empty without one) and the storage. Raises: Refusal."""
    bucket = env.text("MEDIA_S3_BUCKET")
    if not bucket:
        return "", {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    return bucket, {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {"bucket_name": bucket, **_keys(), **_limits()},
    }


def _keys() -> dict[str, Any]:
    key, secret = env.text("MEDIA_S3_ACCESS_KEY"), env.secret("MEDIA_S3_SECRET_KEY")
    if bool(key) != bool(secret):
        missing = "MEDIA_S3_SECRET_KEY" if key else "MEDIA_S3_ACCESS_KEY"
        raise Refusal(f"{missing} is missing: set both keys, or neither for the machine's own role")
    return {
        "access_key": key or None,
        "secret_key": secret or None,
        "endpoint_url": env.url("MEDIA_S3_URL") or None,
        "region_name": env.text("MEDIA_S3_REGION") or None,
    }


def _limits() -> dict[str, Any]:
    from boto3.s3.transfer import TransferConfig  # noqa: PLC0415 - only where a bucket is set
    from botocore.config import Config  # noqa: PLC0415 - the same

    return {
        # S3-compatible servers rarely have a subdomain per bucket.
        "client_config": Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            retries={"total_max_attempts": 1},
            s3={"addressing_style": "path" if env.text("MEDIA_S3_URL") else "auto"},
        ),
        "transfer_config": TransferConfig(multipart_threshold=PART_BYTES, use_threads=False),
        "file_overwrite": True,  # names are random and unique
        "default_acl": None,  # keep the bucket's own: private
    }
