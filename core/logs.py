"""JSON logs with personal data masked: phone numbers, CNIC, e-mail, user ids, tokens, message text."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from core.settings import Settings

HIDDEN_KEYS = frozenset({"body", "text", "token", "secret", "password", "authorization", "payload", "content"})
_PATTERNS = (
    (re.compile(r"Bearer\s+\S+"), "Bearer ***"),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"), "***@***"),
    (re.compile(r"\b[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{6,128}\b"), "**.***"),
    (re.compile(r"(?<![\w-])\d{5}-?\d{7}-?\d(?![\w-])"), "*****-*******-*"),
    (re.compile(r"(?<![\w.+-])(?:\+|00)?92[\s-]?\d{2,3}[\s-]?\d{6,8}(?![\w-])"), "+92***"),
    (re.compile(r"(?<![\w.+-])03\d{2}[\s-]?\d{7}(?![\w-])"), "03***"),
    (re.compile(r"(?<![\w.+-])\+\d{7,15}(?![\w-])"), "+***"),
)


def configure_logs(settings: Settings) -> None:
    """Send everything, also the libraries' own records, to standard output as one JSON object a line."""
    level = logging.INFO if settings.environment != "test" else logging.WARNING
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processor=structlog.processors.JSONRenderer(ensure_ascii=False), foreign_pre_chain=shared
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def mask(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide what identifies a person or opens a door, in every value at any depth."""
    for key, value in event.items():
        event[key] = "***" if key.lower() in HIDDEN_KEYS else masked(value)
    return event


def masked(value: Any) -> Any:
    """The value with personal data replaced; numbers, dates and ids of ours stay readable."""
    if isinstance(value, str):
        for pattern, replacement in _PATTERNS:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, dict):
        return {key: "***" if str(key).lower() in HIDDEN_KEYS else masked(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [masked(item) for item in value]
    return value
