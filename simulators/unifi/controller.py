"""The controller in front of its sites: who is logged in, the two styles, and the paths below `/api`."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from dataclasses import dataclass, field
from typing import Any

from simulators.unifi.faults import Faults
from simulators.unifi.site import Refused, Row, Site

FAILURES_MAX = 5
PROXY = "/proxy/network"


@dataclass(frozen=True)
class Admin:
    """Who may log in. `role` is admin or readonly."""

    name: str
    password: str
    role: str = "admin"
    second_factor: bool = False


@dataclass
class Request:
    """What came in."""

    method: str
    path: str
    body: Any
    cookies: dict[str, str]
    csrf: str


@dataclass
class Reply:
    """What goes out: `body` is JSON, or HTML where it is a string."""

    status: int
    body: Any
    headers: list[tuple[str, str]] = field(default_factory=list)


class Controller:
    """A self-hosted Network Application, or with `unifi_os` a console whose application is behind a proxy."""

    def __init__(self, *sites: Site, unifi_os: bool = False, version: str = "8.6.9", name: str = "Hotspot") -> None:
        self.sites = {site.name: site for site in sites or (Site(),)}
        self.unifi_os, self.version, self.name = unifi_os, version, name
        self.admins = {"taar": Admin("taar", "secret")}
        self.faults = Faults()
        self.sessions: dict[str, tuple[Admin, str]] = {}
        """Cookie to (who, CSRF token)."""
        self.serial = secrets.token_hex(8)
        self.logins = 0
        self._failures = 0
        self._lock = threading.Lock()

    @property
    def site(self) -> Site:
        """The first one."""
        return next(iter(self.sites.values()))

    def allow(self, admin: Admin) -> None:
        """He may log in from now on."""
        self.admins[admin.name] = admin

    def forget_sessions(self) -> None:
        """Every cookie runs out."""
        self.sessions.clear()

    def unlock(self) -> None:
        """The lockout is over."""
        self._failures = 0

    def answer(self, request: Request) -> Reply:
        """What the controller says."""
        path = request.path
        if path == "/":
            return Reply(200, "<html>UniFi OS</html>") if self.unifi_os else Reply(302, "", [("Location", "/manage")])
        if path == ("/api/auth/login" if self.unifi_os else "/api/login") and request.method == "POST":
            return self._login(request.body if isinstance(request.body, dict) else {})
        if self.unifi_os and path.startswith("/api/") and not path.startswith("/api/auth/"):
            return Reply(404, {"error": {"code": 404, "message": "Not Found"}})
        who = self.sessions.get(request.cookies.get("TOKEN" if self.unifi_os else "unifises", ""))
        if who is None:
            return self._unauthorized()
        admin, csrf = who
        headers = [("X-CSRF-Token", csrf)] if self.unifi_os else []
        if self.unifi_os:
            if request.method != "GET" and request.csrf != csrf:
                return Reply(403, {"error": {"code": 403, "message": "Invalid CSRF Token"}})
            if not path.startswith(PROXY):
                return Reply(404, {"error": {"code": 404, "message": "Not Found"}}, headers)
            path = path.removeprefix(PROXY)
        try:
            data = self._serve(request, path, admin)
        except Refused as refused:
            return Reply(refused.status, {"meta": {"rc": "error", "msg": refused.code}, "data": []}, headers)
        return Reply(200, {"meta": {"rc": "ok"}, "data": data}, headers)

    def _serve(self, request: Request, path: str, admin: Admin) -> list[Row]:
        if path == "/api/self/sites":
            return [{"_id": site.id, "name": site.name, "desc": site.desc, "role": admin.role}
                    for site in self.sites.values()]  # fmt: skip
        parts = path.strip("/").split("/")
        if len(parts) < 4 or parts[:2] != ["api", "s"]:
            raise Refused("NotFound", 404)
        site = self.sites.get(parts[2])
        if site is None:
            raise Refused("NoSiteContext", 401)
        if request.method != "GET" and admin.role == "readonly":
            raise Refused("NoPermission", 403)
        with site.lock:
            data = self._below_site(site, request, parts[3:])
            return json.loads(json.dumps(data))  # type: ignore[no-any-return]

    def _below_site(self, site: Site, request: Request, path: list[str]) -> list[Row]:
        body = request.body if isinstance(request.body, dict) else {}
        match request.method, path:
            case "GET", ["stat", "sta"]:
                return site.online()
            case "GET", ["list", "user"] | ["rest", "user"]:
                return list(site.users.values())
            case "GET", ["stat", "user", mac]:
                row = site.by_mac(mac.lower())
                if row is None:
                    raise Refused("UnknownUser")
                return [row]
            case "GET", ["list", "usergroup"] | ["rest", "usergroup"]:
                return list(site.groups.values())
            case "GET", ["stat", "device"]:
                return site.devices
            case "GET", ["stat", "sysinfo"]:
                return [{"name": self.name, "hostname": self.name.lower(), "version": self.version, "uptime": 7200,
                         "timezone": "Asia/Karachi", "anonymous_controller_id": self.serial}]  # fmt: skip
            case "GET", ["stat", "health"]:
                down = sum(1 for row in site.devices if row["state"] == 0)
                return [{"subsystem": "wlan", "status": "error" if down else "ok", "num_ap": len(site.devices),
                         "num_user": len(site.online()), "num_disconnected": down}]  # fmt: skip
            case "POST", ["group", "user"]:
                return [_each(site, one) for one in body.get("objects") or ()]
            case (("PUT" | "POST"), ["rest" | "upd", "user", user_id]):
                return [site.change_user(user_id, body)]
            case "POST", ["rest", "usergroup"]:
                return [site.add_group(body)]
            case "PUT", ["rest", "usergroup", group_id]:
                return [site.change_group(group_id, body)]
            case "DELETE", ["rest", "usergroup", group_id]:
                site.remove_group(group_id)
                return []
            case "POST", ["cmd", "stamgr"]:
                return site.command(body)
        raise Refused("InvalidObject")

    def _login(self, given: Row) -> Reply:
        with self._lock:
            self.logins += 1
            if self._failures >= FAILURES_MAX:
                return Reply(429, {"code": "AUTHENTICATION_FAILED_LIMIT_REACHED", "message": "Too many attempts"})
            admin = self.admins.get(str(given.get("username")))
            if admin is None or admin.password != given.get("password"):
                self._failures += 1
                if self.unifi_os:
                    return Reply(403, {"code": "AUTHENTICATION_FAILED_INVALID_CREDENTIALS", "message": "Invalid"})
                return Reply(400, {"meta": {"rc": "error", "msg": "api.err.Invalid"}, "data": []})
            if admin.second_factor:
                return Reply(499, {"meta": {"rc": "error", "msg": "api.err.Ubic2faTokenRequired"}, "data": []})
            self._failures = 0
            csrf = secrets.token_hex(16)
            cookie = _jwt(csrf) if self.unifi_os else secrets.token_urlsafe(24)
            self.sessions[cookie] = (admin, csrf)
        if self.unifi_os:
            cookies = [("Set-Cookie", f"TOKEN={cookie}; Path=/; HttpOnly; Secure"), ("X-CSRF-Token", csrf)]
            return Reply(200, {"username": admin.name, "isOwner": False}, cookies)
        cookies = [("Set-Cookie", f"unifises={cookie}; Path=/; HttpOnly; Secure"),
                   ("Set-Cookie", f"csrf_token={csrf}; Path=/; Secure")]  # fmt: skip
        return Reply(200, {"meta": {"rc": "ok"}, "data": []}, cookies)

    def _unauthorized(self) -> Reply:
        if self.unifi_os:
            return Reply(401, {"error": {"code": 401, "message": "Unauthorized"}})
        return Reply(401, {"meta": {"rc": "error", "msg": "api.err.LoginRequired"}, "data": []})


def _each(site: Site, one: Row) -> Row:
    try:
        return {"meta": {"rc": "ok"}, "data": [site.add_user(one.get("data") or {})]}
    except Refused as refused:
        return {"meta": {"rc": "error", "msg": refused.code}, "data": []}


def _jwt(csrf: str) -> str:
    parts = ({"alg": "HS256", "typ": "JWT"}, {"csrfToken": csrf, "jti": secrets.token_hex(8)})
    spelled = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join((*spelled, secrets.token_urlsafe(32)))
