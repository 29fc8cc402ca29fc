"""What a worker is told by name. The domain is called; nothing is decided here."""

from uuid import UUID

from celery import shared_task

from invoices import working


@shared_task(name="invoices.work")  # type: ignore[untyped-decorator]  # Celery ships no types
def work(chunk_id: str) -> None:
    """Do a chunk, unless somebody has it."""
    working.answer(UUID(chunk_id))


@shared_task(name="invoices.sweep")  # type: ignore[untyped-decorator]  # Celery ships no types
def sweep() -> None:
    """Send again what nobody holds."""
    working.sweep()
