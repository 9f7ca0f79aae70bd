"""The worker and the timetable as processes: what survives when Redis dies under them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from redis import Redis

from core.clock import utc_now
from core.crm.models import Document
from core.db import company_session
from core.ids import new_id
from core.jobs import ring
from tests.core.messaging.conftest import Desk
from tests.core.messaging.wire import Answer, Request, Wire, accept, says
from tests.workers.conftest import KillableRedis, Program, wait_until

Start = Callable[[str], Program]


def test_a_reply_committed_while_redis_is_dead_goes_out_once_it_is_back(
    desk: Desk, wire: Wire, redis: KillableRedis, program: Start
) -> None:
    worker, timetable = program("workers.run"), program("workers.schedule")
    now = utc_now()
    greeting = desk.queue(desk.person(wrote_at=now), "before", now=now)
    wait_until(lambda: desk.row(greeting).state == "accepted")

    redis.kill()
    reply = desk.queue(desk.person(wrote_at=now), "committed without a bell", now=utc_now())
    assert desk.row(reply).state == "queued"
    redis.start()

    wait_until(lambda: desk.row(reply).state == "accepted")
    sent = [body["biz_opaque_callback_data"] for body in wire.messages]
    assert sent.count(str(reply)) == 1
    assert (worker.stop(), timetable.stop()) == (0, 0)


def test_both_programs_stop_cleanly_while_redis_is_away(redis: KillableRedis, program: Start) -> None:
    programs = [program("workers.run"), program("workers.schedule")]
    wait_until(lambda: redis_knows(redis, "rq:workers") and redis_knows(redis, "rq:cron_schedulers"))

    redis.kill()

    assert [each.stop() for each in programs] == [0, 0]


def redis_knows(redis: KillableRedis, key: str) -> bool:
    return bool(Redis.from_url(redis.url).exists(key))


def test_a_file_is_fetched_into_the_vault(desk: Desk, wire: Wire, redis: KillableRedis, program: Start) -> None:
    def answer(request: Request) -> Answer:
        if request.path == "/file":
            return Answer(200, b"a photo", "image/jpeg")
        if request.method == "GET":
            return says({"url": f"{wire.url}/file", "mime_type": "image/jpeg", "file_size": 7})
        return accept(request)

    wire.answer = answer
    document = Document(
        id=new_id(), media_id="123", business_number_id=desk.company.business_number_id, next_try_at=utc_now()
    )
    with company_session(desk.company.id) as session:
        session.add(document)
        ids = {"company_id": str(desk.company.id), "document_id": str(document.id)}
        ring(session, "fetch_document", queue="inbound", **ids)
    program("workers.run")

    def stored() -> bool:
        with company_session(desk.company.id) as session:
            return session.get_one(Document, document.id).state == "stored"

    wait_until(stored)
    with company_session(desk.company.id) as session:
        row = session.get_one(Document, document.id)
        assert (row.size, row.mime_type) == (7, "image/jpeg")
        assert row.sha256 == hashlib.sha256(b"a photo").hexdigest()
