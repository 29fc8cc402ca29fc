from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.utils.deconstruct import deconstructible


@deconstructible
class Folder(FileSystemStorage):
    """Files in a folder of this machine: they come and go through our own signed addresses."""

    def upload_address(self, name: str, *, mime_type: str, seconds: int) -> None:
        """Have ours take it."""

    def download_address(self, name: str, *, saved_as: str, mime_type: str, seconds: int) -> None:
        """Have ours give it."""

    def write(self, name: str, content: bytes) -> None:
        self.delete(name)
        self.save(name, ContentFile(content))
