"""The people, their chats and the media Meta would hold; kept in a file when a folder is given."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulators.whatsapp_cloud.templates import Template

WINDOW_SECONDS = 24 * 3600
RANKS = {"accepted": 0, "sent": 1, "delivered": 2, "read": 3, "failed": 4}


@dataclass
class Person:
    """Somebody with a phone."""

    phone: str
    name: str
    user_id: str
    withhold_phone: bool = False
    label: str = ""
    group: str = "Customers"

    @property
    def digits(self) -> str:
        return self.phone.lstrip("+")


@dataclass
class Bubble:
    """One message as the person sees it; `mine` are the person's own."""

    id: str
    mine: bool
    body: dict[str, Any]
    at: float
    status: str = "sent"
    callback: str = ""
    error: dict[str, Any] | None = None


@dataclass
class Chat:
    """A person's talk with the business."""

    bubbles: list[Bubble] = field(default_factory=list)
    typing_until: float = 0.0
    last_inbound: float = 0.0


class World:
    """Everything the simulator remembers, behind one lock."""

    def __init__(
        self, people_file: Path | None, state_dir: Path | None, clock: Callable[[], float] = time.time
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.version = 0
        self.people: list[Person] = []
        self.chats: dict[str, Chat] = {}
        self.media: dict[str, tuple[str, str]] = {}
        self.templates: dict[tuple[str, str], Template] = {}
        self.review = "APPROVED"
        """The state that a new or changed template gets: approved at once, or PENDING until somebody decides."""
        self.add_template(Template("hello_world", "en_US", "Welcome and congratulations!"))
        self._blobs: dict[str, bytes] = {}
        self._people_file, self._people_seen = people_file, 0.0
        self._state_dir = state_dir
        self._next = int(clock() * 1000)
        if state_dir:
            (state_dir / "media").mkdir(parents=True, exist_ok=True)
            self._load(state_dir / "chats.json")

    def refresh_people(self) -> list[Person]:
        """The people of the file, read again when it changed."""
        file = self._people_file
        if file and file.exists() and file.stat().st_mtime != self._people_seen:
            self._people_seen = file.stat().st_mtime
            known = Person.__dataclass_fields__
            rows = json.loads(file.read_text())
            self.people = [
                Person(**{"user_id": f"PK.{row['phone'].lstrip('+')}", **{k: v for k, v in row.items() if k in known}})
                for row in rows
            ]
        return self.people

    def find(self, *, to: str = "", recipient: str = "") -> Person | None:
        """The person behind a phone (with or without plus) or a user id; the phone wins."""
        digits = "".join(c for c in to if c.isdigit())
        for person in self.refresh_people():
            if (digits and person.digits == digits) or (not to and person.user_id == recipient):
                return person
        return None

    def chat(self, person: Person) -> Chat:
        return self.chats.setdefault(person.phone, Chat())

    def new_id(self, prefix: str) -> str:
        """A fresh id, unique also across restarts."""
        with self.lock:
            self._next += 1
            return f"{prefix}{self._next}"

    def window_open(self, person: Person) -> bool:
        return self.clock() - self.chat(person).last_inbound < WINDOW_SECONDS

    def add_template(self, template: Template) -> None:
        """Keep a template, in place of one of the same name and language."""
        self.templates[template.name, template.language] = template

    def remove_template(self, template: Template) -> None:
        """Drop a template in one language."""
        self.templates.pop((template.name, template.language), None)

    def bubble(self, message_id: str) -> tuple[Person, Bubble] | None:
        for person in self.people:
            for bubble in reversed(self.chat(person).bubbles):
                if bubble.id == message_id:
                    return person, bubble
        return None

    def keep_media(self, data: bytes, mime_type: str, filename: str) -> str:
        """Store bytes; returns the media id."""
        media_id = self.new_id("")
        with self.lock:
            self.media[media_id] = (mime_type, filename)
            if self._state_dir:
                (self._state_dir / "media" / media_id).write_bytes(data)
            else:
                self._blobs[media_id] = data
            self.changed()
        return media_id

    def media_bytes(self, media_id: str) -> bytes:
        if self._state_dir:
            return (self._state_dir / "media" / media_id).read_bytes()
        return self._blobs[media_id]

    def changed(self) -> None:
        """Note that the page must look again, and save."""
        self.version += 1
        if self._state_dir:
            chats = {phone: [bubble.__dict__ for bubble in chat.bubbles[-300:]] for phone, chat in self.chats.items()}
            last = {phone: chat.last_inbound for phone, chat in self.chats.items()}
            temporary = self._state_dir / "chats.json.new"
            temporary.write_text(json.dumps({"chats": chats, "last": last, "media": self.media}))
            temporary.replace(self._state_dir / "chats.json")

    def _load(self, file: Path) -> None:
        if not file.exists():
            return
        kept = json.loads(file.read_text())
        self.media = {media_id: (row[0], row[1]) for media_id, row in kept["media"].items()}
        for phone, bubbles in kept["chats"].items():
            self.chats[phone] = Chat(
                [Bubble(**bubble) for bubble in bubbles], last_inbound=kept["last"].get(phone, 0.0)
            )
