"""Which files Meta takes, and for which kind of message."""

from __future__ import annotations

from simulators.whatsapp_cloud.errors import GraphError

MEGABYTE = 1024 * 1024
KILOBYTE = 1024
OFFICE = "application/vnd.openxmlformats-officedocument"
KINDS = {
    "image": ("image/jpeg", "image/png"),
    "video": ("video/mp4", "video/3gpp"),
    "audio": ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"),
    "document": (
        "application/pdf", "text/plain", "application/msword", "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint", f"{OFFICE}.wordprocessingml.document", f"{OFFICE}.spreadsheetml.sheet",
        f"{OFFICE}.presentationml.presentation",
    ),
    "sticker": ("image/webp",),
}  # fmt: skip
LIMITS = {"image": 5 * MEGABYTE, "video": 16 * MEGABYTE, "audio": 16 * MEGABYTE, "document": 100 * MEGABYTE,
          "sticker": 100 * KILOBYTE}  # fmt: skip
ANIMATED_STICKER = 500 * KILOBYTE
BEGINNINGS = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n", "application/pdf": b"%PDF",
              "image/webp": b"RIFF"}  # fmt: skip


def kind_of(mime_type: str) -> str | None:
    """The kind of message a file of this type can be sent as."""
    return next((kind for kind, types in KINDS.items() if mime_type in types), None)


def check_file(mime_type: str, data: bytes) -> None:
    """Raise GraphError for a file that Meta would not keep."""
    kind = kind_of(mime_type)
    if kind is None:
        raise GraphError(131053, f"the media type {mime_type} is not supported")
    animated = mime_type == "image/webp" and b"ANIM" in data[:64]
    limit = ANIMATED_STICKER if animated else LIMITS[kind]
    if not 0 < len(data) <= limit:
        raise GraphError(131053, f"the file has {len(data)} bytes; {mime_type} may have {limit}")
    if not data.startswith(BEGINNINGS.get(mime_type, b"")):
        raise GraphError(131053, f"the file is no {mime_type}")
