"""Why a file can't be read. Plain Python."""


class Unreadable(ValueError):
    """The file is not what it is said to be: from this line on, where that is known."""

    def __init__(self, reason: str, *, line: int | None = None) -> None:
        self.reason, self.line = reason, line
        super().__init__(reason if line is None else f"Line {line}: {reason}")


class SheetNotFound(ValueError):
    """The workbook has no sheet of this name."""


class TooManyRows(ValueError):
    """The sheet has more rows than are taken."""
