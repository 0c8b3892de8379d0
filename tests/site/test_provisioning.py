"""Provisioning in the whole gateway: from a contact in the field to the verdict at the platform."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.service.control import Desk
from agent.service.provisioning_answer import ProvisionAnswer
from agent.service.requests import requests_of
from agent.site import Site
from agent.uplink.envelope import CloudEvent
from agent.uplink.provision_message import ProvisionData
from tests.agent.service.provision_stand import SCHOOL, pack
from tests.site.school import School, calmer, demo_site, play


def judged_site() -> Site:
    """The demo's devices, judged by a pack of two indicators."""
    return replace(calmer(demo_site()), school=SCHOOL, packs=(pack(),))


def retained(school: School) -> dict[str, ProvisionData]:
    """What stands at the broker, by subject; the platform has validated every arrival."""
    found = {t.rpartition("/")[2]: p for t, p in school.broker.retained.items() if "/provision/" in t}
    return {
        name: ProvisionData.model_validate(CloudEvent.model_validate_json(p).data) for name, p in found.items()
    }


def shown(school: School, subject: str) -> str:
    told = retained(school).get(subject)
    return "" if told is None else told.verdict


async def asked(school: School) -> ProvisionAnswer:
    """As somebody at the gateway asks it."""
    answer: dict[str, Any] = await Desk(requests_of(school.gateway)).answer(
        json.dumps({"version": 1, "do": "provision"}).encode()
    )
    assert answer["ok"], answer
    return ProvisionAnswer.model_validate(answer)


def test_a_verdict_reaches_the_platform_and_changes_with_the_field(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        await school.until(lambda: shown(school, "alarm_video") == "met", 60.0)
        school.field.set("gate-io.di2", False)  # the one-key alarm's tamper contact opens
        await school.until(lambda: shown(school, "alarm_video") == "not_met", 15.0)
        (item, *_) = [one for one in retained(school)["alarm_video"].items if one.verdict == "not_met"]
        assert [one.subject for one in item.missing] == ["panic-gate"]
        assert "provision.changed" in school.events()
        await school.until(lambda: school.heartbeat.provision.get("alarm_video") == "not_met", 60.0)

    play(story, tmp_path, site=judged_site())


def test_without_a_platform_the_gateway_answers_on_the_spot_and_tells_it_later(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        await school.until(lambda: shown(school, "alarm_video") == "met", 60.0)
        told = school.events().count("provision.changed")
        school.broker.stop()
        await asyncio.sleep(400.0)
        answer = await asked(school)
        video = next(one for one in answer.verdicts if one.indicator == "alarm_video")
        assert (video.verdict, answer.ways) == ("not_met", {"primary": False})
        assert school.events().count("provision.changed") == told
        school.broker.start()
        await school.until(lambda: school.events().count("provision.changed") > told, 120.0)
        await school.until(lambda: shown(school, "alarm_video") == "met", 120.0)

    play(story, tmp_path, site=judged_site())


def test_a_restart_is_no_news_and_its_history_goes_on(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        await school.until(lambda: shown(school, "alarm_video") == "met", 60.0)
        await asyncio.sleep(120.0)
        before, history = school.events().count("provision.changed"), (await asked(school)).history
        for _ in range(3):
            await school.restart()
            await asyncio.sleep(90.0)
        assert school.events().count("provision.changed") == before
        assert (await asked(school)).history == history

    play(story, tmp_path, site=judged_site())
