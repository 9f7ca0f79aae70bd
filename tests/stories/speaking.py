"""Whether everything a person is told is in his own language, whoever wrote it: the bot, or a notice of the core."""

from __future__ import annotations

import re
from functools import lru_cache

from bot.texts.render import catalogue
from bot.understanding import detect_language
from bot.understanding.transliteration import is_urdu_letter
from core.messaging.models import OutboundMessage
from tests.phones import choices
from tests.stories.field import Hand

PLACE = re.compile(r"%\(\w+\)s")
QUOTES = "“>"
"""What begins with one of these are somebody's own words."""
LINK = re.compile(r"https?://\S+")
WORD = re.compile(r"[^\W\d_]{2,}")
SURE = 2
"""Words that a saying needs besides its places before it speaks for a language."""


class Speaker(Hand):
    """A phone that fails the test as soon as it is told anything in another language than its owner's."""

    language = "en"

    def heard(self) -> list[OutboundMessage]:
        new = super().heard()
        for message in new:
            wrong = foreign(message, self.language)
            assert not wrong, (self.name, self.language, wrong)
        return new


def foreign(message: OutboundMessage, language: str) -> list[str]:
    """The lines and buttons of a message that are in another language."""
    if message.kind == "template":
        return []  # the approved text is Meta's; its language is looked at by the tests of the notices
    told = [line for line in LINK.sub("", message.text).splitlines() if line.strip() and line[0] not in QUOTES]
    told += choices(message)
    return [line for line in told if _is_foreign(line, language)]


def _is_foreign(line: str, language: str) -> bool:
    if language != "ur" and any(is_urdu_letter(letter) for letter in line):
        return True
    others = [other for other in ("en", "ur_Latn", "ur") if other != language]
    if any(pattern.fullmatch(line) for other in others for pattern in _sayings(other) - _sayings(language)):
        return True
    is_latin = not any(is_urdu_letter(letter) for letter in line)
    return language == "ur" and is_latin and len(WORD.findall(line)) > SURE and detect_language(line) is not None


@lru_cache
def _sayings(language: str) -> frozenset[re.Pattern[str]]:
    """What the catalogue of a language says, line by line, its places open."""
    texts = catalogue("ur").keys() if language == "en" else catalogue(language).values()
    said = {line for text in texts for line in text.splitlines()}
    return frozenset(_pattern(line) for line in said if len(WORD.findall(PLACE.sub(" ", line))) >= SURE)


def _pattern(line: str) -> re.Pattern[str]:
    return re.compile(".+".join(re.escape(part) for part in PLACE.split(line)))
