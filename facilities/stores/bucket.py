from typing import Any

from botocore.config import Config
from django.core.files.base import ContentFile
from django.utils.deconstruct import deconstructible
from django.utils.http import content_disposition_header
from storages.backends.s3 import S3Storage


# django-storages ships no types.
@deconstructible
class Bucket(S3Storage):  # type: ignore[misc]
    """Files in a bucket: programs and browsers speak to it themselves, by addresses that it signs."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # Not every store that speaks S3 knows the newer checksums; what comes is digested by ourselves.
        plain = Config(request_checksum_calculation="when_required", response_checksum_validation="when_required")
        self.client_config: Config = self.client_config.merge(plain)

    def upload_address(self, name: str, *, mime_type: str, seconds: int) -> str:
        return self._signed("put_object", name, seconds, ContentType=mime_type)

    def download_address(self, name: str, *, saved_as: str, mime_type: str, seconds: int) -> str:
        disposition = content_disposition_header(as_attachment=True, filename=saved_as)
        return self._signed(
            "get_object", name, seconds, ResponseContentDisposition=disposition, ResponseContentType=mime_type
        )

    def write(self, name: str, content: bytes) -> None:
        self.save(name, ContentFile(content))

    def _signed(self, operation: str, name: str, seconds: int, **parameters: Any) -> str:
        named = {"Bucket": self.bucket.name, "Key": self._normalize_name(name), **parameters}
        address: str = self.connection.meta.client.generate_presigned_url(operation, Params=named, ExpiresIn=seconds)
        return address
