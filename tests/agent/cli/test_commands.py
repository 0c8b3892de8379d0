"""The command as people type it: helps, hints, languages, exit codes."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agent import __version__
from agent.cli.main import COMMANDS, main
from agent.language import use_language

ROOT = Path(__file__).parents[3]
DEMO = ROOT / "configs" / "gateways" / "demo.yaml"
OURS = ("run", "check", "schema", "status", "alarm")


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    use_language("en")


def called(*args: str) -> int:
    try:
        return main(list(args))
    except SystemExit as ended:  # argparse ends by itself
        return int(ended.code or 0)


@pytest.mark.parametrize("name", OURS)
def test_every_command_has_a_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert called(name, "--help") == 0
    said = capsys.readouterr().out
    assert said.startswith(f"usage: campusgw {name}")
    assert COMMANDS[name][1] in said.replace("\n", " ")


@pytest.mark.parametrize(
    ("args", "code", "out", "err"),
    [
        (["--version"], 0, f"campusgw {__version__}", ""),
        (["--help"], 0, "commands:", ""),
        (["-h"], 0, "commands:", ""),
        ([], 2, "commands:", ""),
        (["chek"], 2, "", "no command 'chek'; did you mean 'check'?"),
        (["reboot"], 2, "", "no command 'reboot'\ncampusgw --help lists the commands\n"),
        (["status", "--sokcet", "x"], 2, "", "what is '--sokcet'; did you mean '--socket'?"),
        (["status", "--all"], 2, "", "what is '--all'; see campusgw status --help"),
        (["check"], 2, "", "the following arguments are required"),
        (["check", "--lang", "fr", "x"], 2, "", "invalid choice: 'fr'"),
        (["check", "/nowhere.yaml"], 78, "", "/nowhere.yaml:1:1: cannot read the file"),
        (["run", "--config", "/nowhere.yaml"], 78, "", "/nowhere.yaml:1:1: cannot read the file"),
        (
            ["status", "--socket", "/nowhere.sock"],
            1,
            "",
            "no gateway answers at /nowhere.sock: it is not there; is it",
        ),
        (["alarm", "list", "--socket", "/nowhere.sock"], 1, "", "no gateway answers"),
        (["alarm", "explode"], 2, "", "no action 'explode'; known: list, ack"),
        (["alarm", "akc"], 2, "", "no action 'akc'; did you mean 'ack'?"),
        (["alarm", "--help"], 0, "set aside for 8 h at most", ""),
        (["alarm", "shelve", "x", "y", "--reason", "z", "--hours", "-1"], 2, "", "--hours: more than 0"),
        (["alarm", "shelve", "x", "y", "--reason", "z", "--hours", "nan"], 2, "", "--hours: more than 0"),
        (["alarm", "ack", "x"], 2, "", "say which: campusgw alarm ack DEVICE CONDITION"),
        (["alarm", "shelve", "x", "y"], 2, "", "shelve needs --reason and --hours"),
        (["alarm", "disable", "x", "y", "--hours", "1"], 2, "", "disable needs --reason and --hours"),
    ],
)
def test_what_is_typed_gets_its_answer_and_its_exit_code(
    args: list[str], code: int, out: str, err: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(*args) == code
    said = capsys.readouterr()
    assert out in said.out
    assert err in said.err


@pytest.mark.parametrize("args", [["--lang", "en", "check"], ["check", "--lang", "en"], ["--lang=en", "check"]])
def test_the_language_may_stand_before_or_after_the_command(args: list[str]) -> None:
    assert called(*args, str(DEMO)) == 0


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_check_says_what_it_found_in_both_languages(lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert called("check", str(DEMO), "--lang", lang) == 0
    said = capsys.readouterr().out
    assert f"{DEMO}" in said.splitlines()[0]
    lines = [line.split()[0] for line in said.splitlines()[1:]]
    assert lines == ["rs485-1", "tcp-1", "panel-1", "panel-2", "panel-3", "cameras"]


def test_check_tells_programs_the_lines_times_and_the_hash(capsys: pytest.CaptureFixture[str]) -> None:
    assert called("check", "--json", str(DEMO)) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is True
    line = answer["lines"][0]
    assert line["line"] == "rs485-1"
    assert 0 < line["worst_s"] <= line["budget_s"]


def test_check_tells_programs_every_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "g.yaml"
    bad.write_text(DEMO.read_text().replace("baud: 9600", "baudrate: 9600"))
    assert called("check", "--json", str(bad)) == 78
    answer = json.loads(capsys.readouterr().out)
    (mistake,) = answer["mistakes"]
    assert answer["ok"] is False
    assert (mistake["file"], mistake["line"], mistake["column"]) == (str(bad), 17, 5)


def test_check_counts_the_mistakes_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "g.yaml"
    bad.write_text(DEMO.read_text().replace("baud: 9600", "baudrate: 9600"))
    assert called("check", str(bad)) == 78
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith(f"{bad}:17:5: unknown key 'baudrate'")
    assert said[-1] == "mistakes: 1"


def test_check_reads_the_rules_of_hazards_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = ROOT / "configs" / "hazards" / "national-2024.yaml"
    assert called("check", str(book)) == 0
    assert "good rules of the hazard ledger; rules: " in capsys.readouterr().out
    assert called("check", "--json", str(book)) == 0
    assert json.loads(capsys.readouterr().out)["hazards"] == "national-2024"
    bad = tmp_path / "national-2024.yaml"
    bad.write_text(book.read_text().replace("kinds: [camera]", "kinds: [camra]"))
    assert called("check", str(bad)) == 78
    assert "no kind 'camra'; did you mean 'camera'?" in capsys.readouterr().err


def test_check_reads_rule_packs_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pack = ROOT / "configs" / "rules" / "national-2021.yaml"
    assert called("check", str(pack)) == 0
    assert "a good rule pack; indicators: 4" in capsys.readouterr().out
    assert called("check", "--json", str(pack)) == 0
    assert json.loads(capsys.readouterr().out)["rules"] == "national-2021"
    bad = tmp_path / "national-2021.yaml"
    bad.write_text(pack.read_text().replace("school_days: 5", "scool_days: 5"))
    assert called("check", str(bad)) == 78
    assert re.search(r":\d+:\d+: unknown key 'scool_days'; did you mean 'school_days'", capsys.readouterr().err)


def test_schema_prints_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert called("schema") == 0
    assert json.loads(capsys.readouterr().out)["title"] == "campus gateway configuration"
    assert called("schema", "--messages") == 0
    messages = json.loads(capsys.readouterr().out)
    assert "alarm.schema.json" in messages
    assert "rules.schema.json" not in messages
    assert called("schema", "--write", str(tmp_path / "new")) == 0
    shipped = {path.name for path in (ROOT / "docs" / "schema").iterdir()}
    assert {path.name for path in (tmp_path / "new").iterdir()} == shipped


@pytest.mark.parametrize("name", ["alarm", "event", "state", "telemetry", "status", "heartbeat", "rules"])
def test_the_schemas_on_disk_are_those_of_the_models(name: str) -> None:
    from agent.cli.schema import all_schemas

    file = f"{name}.schema.json"
    assert (ROOT / "docs" / "schema" / file).read_text() == all_schemas()[file]


def test_python_m_agent_is_the_same_command() -> None:
    done = subprocess.run([sys.executable, "-m", "agent", "--version"], cwd=ROOT, capture_output=True, timeout=30)
    assert (done.returncode, done.stdout.decode().strip()) == (0, f"campusgw {__version__}")


def best_of(runs: int, *args: str) -> float:
    times = []
    for _ in range(runs):
        begun_s = time.perf_counter()
        subprocess.run([sys.executable, *args], cwd=ROOT, check=True, capture_output=True, timeout=30)
        times.append(time.perf_counter() - begun_s)
    return min(times)


def test_the_command_starts_fast_because_it_imports_only_what_it_needs() -> None:
    bare_s = best_of(5, "-c", "pass")
    assert best_of(5, "-m", "agent", "--version") < 6 * bare_s
    heavy = "import sys, agent.cli.main as m; m.main(['--version']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", heavy], cwd=ROOT, check=True, capture_output=True, timeout=30)
    assert not {"pydantic", "asyncio", "ruamel", "aiomqtt", "simulators"} & set(done.stdout.decode().split())


@pytest.mark.parametrize("words", ["schema --messages", "--help", "alarm --help"])
def test_output_into_a_closed_pipe_is_no_error(words: str) -> None:
    shell = f"{sys.executable} -m agent {words} | head -c 1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", shell], cwd=ROOT, capture_output=True, timeout=30)
    assert done.stderr == b""


@pytest.mark.parametrize("name", OURS)
def test_a_help_is_in_chinese_to_who_reads_chinese(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert called(name, "--help", "--lang", "zh") == 0
    said = capsys.readouterr().out
    assert not {"usage:", "options:", "positional", "show this", "default"} & set(said.split())
    assert said.startswith(f"用法：campusgw {name}")


@pytest.mark.parametrize("journal", [True, False])
def test_only_the_journal_gets_priorities(journal: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from agent.cli.run import _is_journal

    with (tmp_path / "log").open("w") as log, (tmp_path / "other").open("w") as other:
        status = os.fstat(log.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        assert _is_journal(log if journal else other) is journal


def test_check_takes_several_files_and_the_worst_decides(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "g.yaml"
    bad.write_text(DEMO.read_text().replace("baud: 9600", "baudrate: 9600"))
    assert called("check", str(DEMO), str(DEMO)) == 0
    assert capsys.readouterr().out.count("good") == 2
    assert called("check", str(bad), str(DEMO)) == 78
    said = capsys.readouterr()
    assert "good" in said.out
    assert "baudrate" in said.err


def test_check_aligns_long_ids_and_hints_at_an_unusual_baud(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = tmp_path / "g.yaml"
    text = DEMO.read_text().replace("baud: 9600", "baud: 9601").replace("id: tcp-1", "id: dormitory-two-floor")
    odd.write_text(text)
    assert called("check", str(odd)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len({line.index("units:") for line in lines if "units:" in line}) == 1
    assert lines[-1] == "  rs485-1: 9601 baud is unusual; is it 9600?"
