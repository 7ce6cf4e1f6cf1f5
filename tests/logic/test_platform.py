"""What the cloud team must provide: rows, numbers, commands."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.logic.rows import each_variant, holds, plan_of, plans
from tests.support import ROOT, planned, reasons

ROWS = [row for row in reasons("platform") if "id" in row]
PARTS = [row for row in reasons("platform") if "part" in row]
OWNERS = {"cloud team", "network team", "security", "procurement", "voice team"}
AREAS = ["projects", "apis", "identities", "quotas", "addresses", "dns", "certificates", "firewall", "budget", "secrets", "contracts"]


def by_id(plan: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in plan["platform"]}


def looked_up(plan: dict[str, Any], name: str) -> Any:
    """A figure by its dotted name, in plan.json or in the catalogue."""
    first, *rest = name.split(".")
    at: Any = plan["document"].get(first)
    if at is None:
        at = yaml.safe_load((ROOT / "template" / "catalogue" / f"{first}.yml").read_text())
    for key in rest:
        at = at[key]
    return at


@each_variant
def test_rows_are_whole_unique_and_in_order(variant: int) -> None:
    plan = plan_of(variant)
    rows = plan["platform"]
    assert len(by_id(plan)) == len(rows)
    places = [AREAS.index(row["area"]) for row in rows]
    assert places == sorted(places)
    phases = {row["phase"] for row in plan["document"]["roadmap"]}
    for row in rows:
        assert row["owner"] in OWNERS
        assert row["phase"] in phases
        assert row["environment"] in {"each", *plan["document"]["answers"]["environments"]}
        assert not re.search(r"\$\{|\{\w+\}", row["what"] + row["why"] + row["accept"].replace("{found", "")), row
        assert (row["rule"] is not None) == (row["area"] == "firewall")
        assert len(row["why"].split()) <= 60


@each_variant
def test_numbers_are_those_of_the_plan(variant: int) -> None:
    plan = plan_of(variant)
    needs = [contract["need"] for contract in plan["document"]["contracts"]]
    numbered = [row for row in plan["platform"] if row["number"]]
    assert numbered
    for row in numbered:
        if row["id"].startswith("contract-"):
            assert row["number"] in needs
            continue
        figure = looked_up(plan, row["number"]["name"])
        assert row["number"]["value"] == figure["value"]
        assert row["number"]["unit"] == figure["unit"]


@each_variant
def test_a_number_that_a_command_can_check_is_in_it(variant: int) -> None:
    plan = plan_of(variant)
    for row in plan["platform"]:
        if "awk" in row["accept"] and row["number"]:
            assert re.search(rf"(>=|<) {row['number']['value']}\b", row["accept"]), row["accept"]


@each_variant
def test_every_command_is_one_that_a_shell_reads(variant: int) -> None:
    plan = plan_of(variant)
    for row in plan["platform"]:
        assert "\n" not in row["accept"]
        assert "`" not in row["accept"]
        done = subprocess.run(["sh", "-n", "-c", row["accept"]], capture_output=True, text=True, check=False)
        assert done.returncode == 0, (row["id"], done.stderr)


@each_variant
def test_what_a_command_reads_is_explained(variant: int) -> None:
    plan = plan_of(variant)
    read = set(re.findall(r"\$([A-Z][A-Z_]+)", " ".join(row["accept"] for row in plan["platform"])))
    assert read == {variable["name"] for variable in plan["platform_variables"]}


@pytest.mark.parametrize("row", [*ROWS, *PARTS], ids=lambda row: f"{row.get('id') or row['name']} {row.get('needs', '')}")
def test_each_row_holds_somewhere(row: dict[str, Any]) -> None:
    kept = [plan for plan in plans() if holds(row, plan["traits"])]
    if row.get("part") == "variable" and row["name"] == "COMPATIBLE_HOST":
        kept = [planned(llm="openai-compatible")]
        assert row["name"] in str(kept[0]["platform_variables"])
    assert kept


def test_two_rows_of_the_same_name_never_hold_together() -> None:
    for plan in plans():
        names = [row["id"] for row in ROWS if holds(row, plan["traits"])]
        assert len(names) == len(set(names))


def test_not_everything_is_asked_of_everybody() -> None:
    assert len([row for row in ROWS if "needs" not in row and "unless" not in row]) < len(ROWS) / 6


@each_variant
def test_a_secret_for_every_variable_that_is_required(variant: int) -> None:
    plan = plan_of(variant)
    wanted = {row["env"] for row in plan["settings"] if row["required"]}
    if "hosted" not in plan["traits"]:  # LiveKit's hosting sets its own three itself
        wanted |= {"LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"}
    named = {re.findall(r"`([A-Z_]+)`", row["what"])[0] for row in plan["platform"] if row["id"].startswith("secret-")}
    assert named == wanted


def test_only_what_was_chosen_is_asked_for() -> None:
    web = planned(preset="web-assistant")
    assert not re.search(r"SIP|trunk|GKE|Redis|5061", str(web["platform"]).replace("SIP_", ""))
    assert "cluster" not in by_id(web)
    assert not re.search(r"SIP|trunk|[Vv]oice packets|GKE|Redis|5061", str(planned(preset="single-vm")["platform"]))


def test_what_livekit_hosts_needs_no_machine_of_yours() -> None:
    """Media and agents on LiveKit Cloud: no host, cluster, registry, Secret Manager, service account or way out of your network."""
    web = planned(preset="web-assistant")["platform"]
    rows = by_id({"platform": web})
    assert not re.search(
        r"gcloud|docker |Cloud Run|MAX_JOBS|Artifact Registry|Secret Manager|[Ss]ervice account|agent workers|Google", str(web)
    )
    assert {"livekit-agent", "livekit-members", "token-key", "callers-livekit", "ingress-systems", "spend-limits"} <= rows.keys()
    assert not {row["area"] for row in web} & {"apis", "quotas", "addresses", "dns"}
    assert rows["livekit-agent"]["accept"] == "lk agent status"
    assert rows["livekit-agent"]["number"]["name"] == "capacity.agent_sessions"
    assert rows["secret-openai-api-key"]["accept"] == "lk agent secrets | grep -Fw OPENAI_API_KEY"
    assert "livekit-agent" not in by_id(planned(preset="front-desk"))


def test_a_service_of_google_needs_a_project_at_google_wherever_the_agent_runs() -> None:
    rows = by_id(planned(preset="web-assistant", stt="google-chirp-3"))
    assert {"project-production", "project-staging", "apis", "budget-alert"} <= rows.keys()
    assert "speech.googleapis.com" in rows["apis"]["what"]
    assert "secretmanager" not in rows["apis"]["what"] + rows["apis"]["why"]


@pytest.mark.parametrize(
    ("region", "hosting"),
    [
        ("us-west1", "us-east"),
        ("southamerica-east1", "us-east"),
        ("europe-west2", "eu-central"),
        ("europe-southwest1", "eu-central"),
        ("asia-northeast1", "ap-south"),
        ("australia-southeast1", "ap-south"),
    ],
)
def test_an_agent_is_hosted_in_the_region_that_is_nearest(region: str, hosting: str) -> None:
    plan = planned(preset="web-assistant", data_residency="none", regions=[region])
    assert f"`{hosting}`" in by_id(plan)["livekit-agent"]["what"]
    assert f"`{hosting}`" in plan["document"]["design"][0]["text"]


@pytest.mark.parametrize(("residency", "host"), [("none", "api.deepgram.com"), ("us", "api.deepgram.com"), ("eu", "api.eu.deepgram.com")])
def test_the_way_out_leads_to_the_endpoints_of_the_residency(residency: str, host: str) -> None:
    rule = by_id(planned(preset="web-assistant", data_residency=residency))["egress-providers"]["rule"]
    assert host in rule["destination"].split(", ")


def test_every_region_is_checked() -> None:
    rows = planned(preset="contact-centre")["platform"]
    commands = [row["accept"] for row in rows if row["id"] in {"cluster", "cores-production", "nat-ports", "redis"}]
    assert len(commands) == 4
    assert all("for region in us-central1 us-east4; do" in command and '"$region"' in command for command in commands)


def test_sizes_by_hand() -> None:
    """regulated-eu, one region, whatever the capacity says of workers (w in a deploy, of 4 cores).

    Media: 61 lines at 0.02 cores and 70 % are 1.74 cores, on the one node that is left of 2: nodes of 4 cores, the smallest.
    Cores: 4w + (2 media + 2 SIP nodes) x 4 + 4 of the cluster + one media node more in a deploy = 4w + 24.
    Addresses: 1 of NAT + 2 in front + 2 media + 2 SIP = 7.
    """
    plan = planned(preset="regulated-eu")
    capacity, quotas = plan["document"]["capacity"], plan["document"]["quotas"]
    assert capacity["lines"]["value"] == 61
    assert capacity["worker_cpu"]["value"] == 4
    assert quotas["media_cores"]["value"] == 4
    assert quotas["cores"]["value"] == capacity["workers_in_deploy"]["value"] * 4 + 24
    assert quotas["addresses"]["value"] == capacity["nat_addresses"]["value"] + 6
    first, last = map(int, quotas["rtp_range"]["value"].split("-"))
    assert last - first + 1 == capacity["rtp_ports"]["value"]


@settings(max_examples=8, deadline=None)
@given(st.sampled_from(["front-desk", "contact-centre", "single-vm"]), st.integers(10, 1500), st.integers(1, 1500))
def test_more_calls_never_need_a_smaller_quota(preset: str, calls: int, more: int) -> None:
    few = planned(preset=preset, peak_calls_per_hour=calls, monthly_calls=calls * 100)["document"]["quotas"]
    many = planned(preset=preset, peak_calls_per_hour=calls + more, monthly_calls=(calls + more) * 100)["document"]["quotas"]
    for name in ("cores", "staging_cores", "addresses", "media_cores"):
        assert few[name]["value"] <= many[name]["value"]


def test_the_order_of_answers_does_not_matter() -> None:
    one = planned(preset="contact-centre", home_region="us-east4")
    two = planned(
        preset="contact-centre",
        home_region="us-east4",
        regions=["us-east4", "us-central1"],
        channels=["outbound_phone", "inbound_phone", "web"],
        environments=["production", "staging"],
    )
    assert one["platform"] == two["platform"]


def test_carriers_say_where_their_addresses_come_from() -> None:
    for key, carrier in yaml.safe_load(Path(ROOT / "template/catalogue/carriers.yml").read_text()).items():
        for field in ("ranges", "media"):
            assert all(re.fullmatch(r"(\d+\.){3}\d+/\d+", network) for network in carrier[field]), key
        for field in ("listed", "media_listed"):
            assert set(carrier[field]) == {"source", "date", "confidence"}
        if "203.0.113.10/32" in carrier["ranges"]:
            assert carrier["listed"]["confidence"] == "judgement"
