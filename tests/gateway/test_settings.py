"""joinup.toml: closed keys, secrets by reference, and complaints that name file, line and mend."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.config_page import configuration_page, json_schema
from gateway.errors import CODES, errors_page
from gateway.settings import ConfigError, Settings, load, parse
from gateway.toml_lines import key_lines, line_of

DOCS = Path(__file__).resolve().parents[2] / "docs"
ISSUER = '[identity.issuers.demo]\nissuer = "https://i.test"\naudience = ["a"]\n'
SOURCE = '[[sources]]\nid = "a"\nods = "RAL"\nname = "A"\nkind = "fhir-r4"\nbase_url = "https://a.test"\n'
GRAPH = '[[subgraphs]]\nname = "falls"\nurl = "https://falls.test/graphql"\n'


def problems(text: str, base: Path = Path("/nonexistent")) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text, base=base)
    return [str(problem) for problem in caught.value.problems]


def test_empty_file_is_a_whole_configuration() -> None:
    assert parse("").config.server.port == 8000


def test_what_is_left_out_is_on_the_safe_side() -> None:
    config = parse(SOURCE).config
    (source,) = config.sources
    assert config.federation.deadline_s == 3.0
    assert (
        max(source.timeouts.total_s, source.timeouts.read_s, source.timeouts.connect_s) <= config.federation.deadline_s
    )
    assert source.max_response_bytes == 8 * 1024 * 1024
    assert (config.cors.origins, config.documents.manifests, config.server.host) == ([], [], "127.0.0.1")
    assert 0 < config.rate.patients <= 60
    assert config.stores.cache_s <= 60


WRONG = {
    "unknown key": ("[server]\n\nprot = 1", 3, 'did you mean "port"'),
    "unknown table": ("[serve]\nport = 1", 1, 'did you mean "server"'),
    "unknown key without likeness": ("[cors]\nzzz = 1", 2, "known keys: max_age_s, origins"),
    "wrong type": ('[server]\nport = "x"', 2, "expected int"),
    "out of range": ("[server]\nport = 70000", 2, "<= 65535"),
    "not a table": ("server = 1", 1, "must be a table"),
    "syntax": ("[server]\nport = = 1", 2, "mend the syntax"),
    "missing key": ('[identity.issuers.x]\naudience = ["a"]', 1, '"issuer" is missing; The exact `iss`'),
    "second element of an array": (SOURCE + SOURCE.replace("RAL", "x") + "\n", 9, "ods"),
    "inline table": (f'{SOURCE}auth = {{ kind = "bearer", secrt = "x" }}', 7, 'did you mean "secret"'),
    "after a value of many lines": ('[cors]\norigins = [\n  "https://a.test",\n]\nmax_ag_s = 1', 5, "max_age_s"),
    "shared secret algorithm": (f'{ISSUER}jwks_url = "https://i.test/k"\nalgorithms = ["HS256"]', 5, "HS256"),
    "two ways to keys": (f'{ISSUER}jwks_url = "https://i.test/k"\nkeys_file = "k"', 1, "exactly one of"),
    "no way to keys": (ISSUER, 1, "exactly one of"),
    "keys over http": (f'{ISSUER}jwks_url = "http://i.test/k"', 4, "must be https"),
    "loopback keys without the flag": (f'{ISSUER}jwks_url = "http://127.0.0.1/k"', 4, "must be https"),
    "leeway too long": (f'{ISSUER}jwks_url = "https://i.test/k"\nleeway_s = 60', 5, "<= 30"),
    "source over http": (SOURCE.replace("https", "http"), 6, "must be https"),
    "credentials in a URL": (SOURCE.replace("//a", "//u:p@a"), 6, "must not hold credentials"),
    "source id twice": (SOURCE + SOURCE, 8, "taken"),
    "unknown section": (f'{SOURCE}gives = ["alergies"]', 7, "did you mean allergies"),
    "secret in the open": (f'{SOURCE}auth = {{ kind = "bearer", secret = "hunter2" }}', 7, "expected str matching"),
    "auth without secret": (f'{SOURCE}auth = {{ kind = "bearer" }}', 7, "needs `secret`"),
    "oauth2 without its parts": (f'{SOURCE}auth = {{ kind = "oauth2" }}', 7, "needs `token_url`"),
    "subgraph called record": (GRAPH.replace("falls", "record", 1), 2, "taken"),
    "wildcard origin": ('[cors]\norigins = ["*"]', 2, "matching regex"),
    "redis without key": ('[rate]\nredis_url = "env:R"', 2, "needs `key`"),
    "unknown option": (f'{SOURCE}[sources.options]\npagesize = "3"', 8, 'did you mean "page_size"'),
    "option of the wrong type": (f'{SOURCE}[sources.options]\nmax_pages = "0"', 8, "at least 1"),
    "flag that is none": (f'{SOURCE}[sources.options]\nbatch = "yes"', 8, '"true" or "false"'),
    "choice that is none": (f'{SOURCE}[sources.options]\npatient_by = "nhs"', 8, "is one of id,"),
    "option that is needed": (SOURCE.replace("fhir-r4", "gp-connect"), 1, "needs the option asid"),
    "unset variable": (f'{SOURCE}auth = {{ kind = "bearer", secret = "env:JOINUP_UNSET" }}', 7, "JOINUP_UNSET is not set"),
    "absent secret file": (f'{SOURCE}auth = {{ kind = "bearer", secret = "file:none" }}', 7, "cannot read none"),
    "absent manifest": ('[documents]\nmanifests = ["no.json"]', 2, "no file or folder no.json"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "mend"), WRONG.values(), ids=WRONG.keys())
def test_problem_names_line_and_mend(text: str, line: int, mend: str) -> None:
    assert [problem for problem in problems(text) if problem.startswith(f"joinup.toml:{line}: ") and mend in problem]


def test_all_problems_are_reported_at_once() -> None:
    assert len(problems("[server]\nprot = 1\nhost = 2\n[limits]\ndepth = 0")) == 3


def test_secret_is_never_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JOINUP_TEST_SECRET", "hunter2")
    (tmp_path / "s").write_text("hunter2\n")
    settings = parse(f'{SOURCE}auth = {{ kind = "bearer", secret = "file:s" }}\n', base=tmp_path)
    for reference in ("env:JOINUP_TEST_SECRET", "file:s"):
        secret = settings.secret(reference)
        assert secret.reveal() == "hunter2"
        assert "hunter2" not in f"{secret!r} {secret} {settings!r}"


def test_paths_start_at_the_file(tmp_path: Path) -> None:
    (tmp_path / "joinup.toml").write_text("")
    assert load(tmp_path / "joinup.toml").path("var/x") == tmp_path / "var/x"


def test_absent_file_is_a_problem_like_others(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        load(tmp_path / "none.toml")


def test_lines_of_nested_and_quoted_keys() -> None:
    lines = key_lines('a.b = 1\n[t."x y"]\nk = """\n[no]\nz = 1\n"""\n[[l]]\n[[l.m]]\n[[l]]\n[[l.m]]\nq = 1\n')
    assert line_of(lines, ("a", "b")) == 1
    assert line_of(lines, ("t", "x y", "k")) == 3
    assert line_of(lines, ("l", 1, "m", 0, "q")) == 11
    assert line_of(lines, ("l", 0, "m", 0, "q")) == 8
    assert ("no",) not in lines


def test_documentation_is_current() -> None:
    for name, text in (("configuration.md", configuration_page()), ("errors.md", errors_page())):
        assert (DOCS / name).read_text("utf-8") == text, f"docs/{name} is not current; run `joinup config docs`"


def test_every_setting_is_documented() -> None:
    for name, table in json_schema()["$defs"].items():
        for key, setting in table.get("properties", {}).items():
            assert "description" in str(setting), f"{name}.{key} says nothing"


def test_every_code_is_documented() -> None:
    page = errors_page()
    assert all(f"`{name}`" in page and row.remedy in page for name, row in CODES.items())


def test_check_command_speaks_and_exits(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text("")
    bad.write_text("[server]\nprot = 1\n")
    run = CliRunner().invoke
    fine, faulty = run(app, ["config", "check", str(good)]), run(app, ["config", "check", str(bad)])
    assert (fine.exit_code, faulty.exit_code) == (0, 2)
    assert f"{bad}:2: server.prot: unknown key" in faulty.stderr


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ('tls = { ca_file = "empty.pem" }', "give the CA's PEM as ca_file"),
        ('gives = ["social_care"]', "take them out of gives"),
        ("", "give [sources.covers] everyone, practices or boroughs"),
    ],
)
def test_check_names_the_line_of_a_source_that_cannot_be_connected(tmp_path: Path, table: str, says: str) -> None:
    """What only building the client or the adapter finds, too."""
    (tmp_path / "empty.pem").write_text("nothing")
    file = tmp_path / "joinup.toml"
    pds = SOURCE.replace('"a"', '"pds"').replace("fhir-r4", "pds")
    covers = "covers = { everyone = true }\n" if table else ""
    file.write_text(f"[server]\nport = 8000\n\n{pds}\n{SOURCE}{covers}{table}\n")
    checked = CliRunner().invoke(app, ["config", "check", str(file)])
    assert checked.exit_code == 2, checked.output
    assert checked.stderr.startswith(f"{file}:11: a: ")
    assert says in checked.stderr


def test_settings_are_values() -> None:
    settings = parse("")
    assert isinstance(settings, Settings)
    with pytest.raises(AttributeError):
        settings.config.server.port = 1  # type: ignore[misc]
