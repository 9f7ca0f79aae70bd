"""Settings: documented, checked at start, and no demo secret in production."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.logs import masked
from core.settings import Settings, SettingsInvalid, load_settings

ROOT = Path(__file__).parent.parent.parent
PRODUCTION = {
    "TAAR_ENVIRONMENT": "production", "TAAR_DATABASE_URL": "postgresql+psycopg://a@b/c", "TAAR_REDIS_URL": "redis://b",
    "TAAR_SECRET_KEY": "x" * 32, "TAAR_VAULT_KEYS": "k" * 32, "TAAR_WHATSAPP_APP_SECRET": "s",
    "TAAR_WHATSAPP_VERIFY_TOKEN": "v", "TAAR_WHATSAPP_ACCESS_TOKEN": "t",
}  # fmt: skip


def test_every_variable_is_documented() -> None:
    documented = set(re.findall(r"^(TAAR_\w+)=", (ROOT / ".env.example").read_text(), re.M))
    assert documented == {f"TAAR_{name.upper()}" for name in Settings.model_fields}


def test_production_refuses_to_start_with_demo_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAAR_ENVIRONMENT", "production")
    with pytest.raises(SettingsInvalid) as refused:
        load_settings()
    for name in ("SECRET_KEY", "VAULT_KEYS", "WHATSAPP_APP_SECRET", "DATABASE_URL", "REDIS_URL"):
        assert f"TAAR_{name}" in str(refused.value)


def test_production_starts_with_secrets_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    assert load_settings().is_production


def test_a_wrong_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAAR_WEB_PORT", "eighty")
    with pytest.raises(SettingsInvalid, match="WEB_PORT"):
        load_settings()


@pytest.mark.parametrize(
    "said",
    ["+923001234567", "call 0300-1234567 now", "923001234567", "35202-1234567-1", "3520212345671", "a.b@c.example",
     "PK.1349872634", "Bearer EAAG123"],
)  # fmt: skip
def test_personal_data_is_masked_in_logs(said: str) -> None:
    hidden = masked(said)
    assert "1234567" not in hidden and "1349872634" not in hidden and "EAAG" not in hidden and "a.b" not in hidden


@pytest.mark.parametrize(
    "said", ["01a20bfe-ba6b-7c1e-8a31-5d0f8b0e1c2d", "2026-11-24T05:19:55Z", "3435.63", "INV-2026-27-000123", "T-1042"]
)
def test_what_is_no_persons_stays_readable_in_logs(said: str) -> None:
    assert masked(said) == said
