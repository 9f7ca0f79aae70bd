"""Every setting of the program, read once from the environment and checked before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEMO_SECRET_PREFIX = "demo-"  # noqa: S105

GATEWAY_SECRET_MIN = 32


class SettingsInvalid(Exception):
    """The environment cannot be used; the text names every variable at fault, one a line."""


class Settings(BaseSettings):
    """What `.env.example` documents. Times are seconds unless the name says otherwise."""

    model_config = SettingsConfigDict(env_prefix="TAAR_", env_file=".env", extra="ignore", frozen=True)

    environment: Literal["demo", "test", "production"] = "demo"
    data_dir: Path = Path(".taar")
    """Embedded databases, the document vault and logs live under this folder."""

    database_url: str = ""
    """The restricted role's connection; empty starts the embedded PostgreSQL (never in production)."""
    owner_database_url: str = ""
    """The owner's connection, used by migrations only."""
    redis_url: str = ""
    vault_url: str = ""
    """Any fsspec URL for documents; empty means a folder under data_dir."""

    secret_key: SecretStr = SecretStr("demo-secret-key-not-for-production")
    vault_keys: SecretStr = SecretStr("demo-vault-key")
    """Comma-separated Fernet keys, newest first; the first one encrypts, all decrypt."""

    whatsapp_app_secret: SecretStr = SecretStr("demo-app-secret")
    """Comma-separated while rotating: a webhook signed with any of them is accepted."""
    whatsapp_verify_token: SecretStr = SecretStr("demo-verify-token")
    whatsapp_access_token: SecretStr = SecretStr("demo-access-token")
    graph_url: str = "https://graph.facebook.com"
    graph_version: str = Field(default="v25.0", pattern=r"^v\d+\.\d+$")
    graph_connect_timeout: float = Field(default=3.0, gt=0)
    graph_read_timeout: float = Field(default=15.0, gt=0)

    gateway_secrets: SecretStr = SecretStr("")
    """`company-slug/gateway=secret`, several separated by spaces; a pair may be named twice while it is rotated."""

    public_url: str = ""
    """Where people outside reach this installation, for links in messages; empty means the panel's own address."""

    web_host: str = "127.0.0.1"
    web_port: int = Field(default=8000, ge=1, le=65535)
    simulator_port: int = Field(default=8900, ge=1, le=65535)
    router_port: int = Field(default=8910, ge=1, le=65533)
    """The demo's first router; the others listen on the ports after it."""
    unifi_port: int = Field(default=8920, ge=1, le=65535)
    """The demo's UniFi controller."""
    turn_lock_timeout_ms: int = Field(default=2000, gt=0)
    """How long a webhook waits for a busy conversation before leaving the message to a worker."""
    inline_messages_max: int = Field(default=20, ge=0)
    """Messages of one webhook answered within its request; a larger batch is left to a worker."""
    send_threads: int = Field(default=8, ge=1, le=64)

    @model_validator(mode="after")
    def _production_needs_its_own_secrets(self) -> Settings:
        if self.environment != "production":
            return self
        faults = [
            f"TAAR_{name.upper()} still has the demo value"
            for name in (
                "secret_key",
                "vault_keys",
                "whatsapp_app_secret",
                "whatsapp_verify_token",
                "whatsapp_access_token",
            )
            if getattr(self, name).get_secret_value().startswith(DEMO_SECRET_PREFIX)
        ]
        faults += [
            f"TAAR_{name.upper()} is empty; production does not start embedded servers"
            for name in ("database_url", "redis_url")
            if not getattr(self, name)
        ]
        faults += [
            f"TAAR_GATEWAY_SECRETS: the secret of {pair or 'an entry'} is shorter than {GATEWAY_SECRET_MIN} characters"
            for pair, secret in self._gateway_pairs()
            if not pair or len(secret) < GATEWAY_SECRET_MIN or secret.startswith(DEMO_SECRET_PREFIX)
        ]
        if len(self.secret_key.get_secret_value()) < 32:
            faults.append("TAAR_SECRET_KEY is shorter than 32 characters")
        if self.public_url and not self.public_url.startswith("https://"):
            faults.append("TAAR_PUBLIC_URL must be https in production: people send identity papers there")
        if not self.graph_url.startswith("https://"):
            faults.append("TAAR_GRAPH_URL must be https in production")
        if faults:
            raise ValueError("\n".join(faults))
        return self

    def secrets_of_gateway(self, slug: str, gateway: str) -> list[str]:
        """What the company shares with the gateway; none means that its callbacks are refused."""
        return [secret for pair, secret in self._gateway_pairs() if pair == f"{slug}/{gateway}" and secret]

    def _gateway_pairs(self) -> list[tuple[str, str]]:
        entries = (entry.partition("=") for entry in self.gateway_secrets.get_secret_value().split())
        return [(pair, secret) for pair, _, secret in entries]

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def base_url(self) -> str:
        """The address that links in messages begin with, without a slash; in production none but the one set."""
        local = "" if self.is_production else f"http://{self.web_host}:{self.web_port}"
        return (self.public_url or local).rstrip("/")

    @property
    def vault_location(self) -> str:
        return self.vault_url or f"file://{(self.data_dir / 'vault').resolve()}"


def load_settings() -> Settings:
    """Read the environment (and `.env`), or raise SettingsInvalid naming every fault at once."""
    try:
        return Settings()
    except ValidationError as invalid:
        lines = [
            f"{'TAAR_' + '_'.join(str(p) for p in fault['loc']).upper() + ': ' if fault['loc'] else ''}"
            f"{fault['msg'].removeprefix('Value error, ')}"
            for fault in invalid.errors()
        ]
        raise SettingsInvalid("\n".join(lines)) from invalid
