"""One shape for every log line, ours and the libraries', with the request's id in it."""

import sys
from enum import StrEnum
from typing import Any

import structlog


class LogFormat(StrEnum):
    """Who reads the lines: a person, or a machine."""

    CONSOLE = "console"
    JSON = "json"


def logging_of(log_format: LogFormat) -> dict[str, Any]:
    """Set structlog up and return Django's LOGGING."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendered(log_format)],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "django": {"handlers": [], "level": "INFO"},
            # A 4xx already has its line; a 5xx adds the traceback.
            "django.request": {"level": "ERROR"},
            # Each chunk has its line; and a folder has no host.
            "celery": {"level": "WARNING"},
            "kombu.connection": {"level": "ERROR"},
        },
    }


def _rendered(log_format: LogFormat) -> list[Any]:
    if log_format is LogFormat.CONSOLE:
        return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
