"""Why an import, or what is asked of one, is refused."""

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext as _

from invoices.models import ImportStatus


class ImportNotFound(Exception):
    """The organization has no such import."""

    def __init__(self, import_id: UUID) -> None:
        super().__init__(f"Import with id={import_id!r} not found")


class NotReadable(ValueError):
    """The file, or how it is said to be read, makes no sense: the sentence says what, and what would be right."""


class ImportTooLarge(NotReadable):
    """The file is larger than is taken."""


class MappingIncomplete(ValueError):
    """Columns that an invoice needs are neither in the file nor stated: `columns` names them."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = list(columns)
        super().__init__(_("Say which column of the file is: %(columns)s") % {"columns": ", ".join(columns)})


class WrongState(Exception):
    """The import is at another point: `status` says which."""

    def __init__(self, status: str, wanted: str) -> None:
        self.status = status
        said = {"status": ImportStatus(status).label, "wanted": wanted}
        super().__init__(_("The file is %(status)s: %(wanted)s") % said)


class NothingToTake(Exception):
    """No row of the file is good and not in the books yet."""
