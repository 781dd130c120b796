"""Settings from the environment and `.env`: every kind of value, and one-line refusals."""

import json
import os
import re
import string
from pathlib import Path
from urllib.parse import quote

import pytest
from django.core.mail.message import sanitize_address
from hypothesis import given, settings
from hypothesis import strategies as st
from uvicorn.middleware.proxy_headers import _TrustedHosts

from project.database_url import parse_database_url
from project.env_file import parse_env, read_env_file
from project.env_loading import load_env_file
from project.environment import Refusal, env
from project.instance import Instance
from project.launcher import Launcher
from project.mail import read_mail_settings
from project.site_url import own_url, read_site_url
from tests.instances import run

PRODUCTION = {"SECRET_KEY": "x" * 60, "QUOTE_SOURCE": "brapi", "HTTPS": "0"}
ENTRIES = {
    "manage": ["manage.py", "check"],
    "web": ["-m", "project.serve"],
    "asgi": ["-c", "import project.asgi"],
    "celery": ["-m", "celery", "-A", "project", "inspect", "ping"],
    "launcher": ["-m", "project.launcher"],
    "launcher's manage": ["-m", "project.launcher", "manage", "check"],
}
REFUSED = {
    "UPDATE_INTERVAL_S": ["often", "0", "3601", "1.5", "1e1", "٣", "-1", "1 2"],
    "SOURCE_TIMEOUT_S": ["soon", "nan", "inf", "0", "-1", "1e400", "1,5"],
    "DEBUG": ["maybe", "2", "tru", "0 1"],
    "PORT": ["http", "70000", "-1", "80 80"],
    "HOST": ["http://localhost", "localhost:80", "[::1]:80", "300.1.1.1", "a b", "::zz", "-x"],
    "EMAIL_PORT": ["0", "65536"],
    "EMAIL_HOST": ["smtp://mail", "mail:25", "ma il"],
    "EMAIL_FROM": [
        *("nobody", "a b@c", "Ana <ana>", "Ana <ana@example.org", "a@b@c", "Clube, B3 <a@b.org>"),
        *("joão@b.org", "João <joão@b.org>", "ana@exêmplo.org"),
        *("a,b@c", "A: b <a@b.org>", "[B3] <a@b.org>", '"Ana <a@b.org>', "A\\b <a@b.org>"),
    ],
    "EMAIL_VERIFICATION": ["always"],
    "LOG_LEVEL": ["LOUD"],
    "ALLOWED_HOSTS": ["a.org,b.org:80", "https://a.org", "a b.org", "::zz"],
    "CSRF_TRUSTED_ORIGINS": ["a.org", "https://a.org/path", "ftp://a.org", "https://u@a.org"],
    "SITE_URL": [
        *("pregao.example", "https://", "https://a b", "https://a?b", "https://a#b"),
        *("http://0x0:8000", "http://[0:0:0:0:0:0:0:0]", "http://[::0]:8000"),
        *("http://0.0.0.0:8000", "http://[::]:8000", "https://*.a.org", "https://*", "*"),
    ],
    "ALLOWED_PRIVATE_TARGETS": [
        *("*", "http://nas.local", "nas.local/x", "nas.local:0", "10.0.0.1/8", "10.0.0.0/33"),
        *("10.0.0.0/8,nas:http", "[fd00::7", "user@nas", "300.1.1.1"),
    ],
    "YAHOO_STREAM_URL": ["https://a.org", "a.org", "wss://a.org/?x=1", "wss://u@a.org"],
    "QUOTE_STREAM": ["nasdaq", "yahoo,simulated"],
    "EMAIL_USE_SSL": ["ssl"],
    "BRAPI_URL": ["https://host:port", "https://host:0", "https://host:", "file:///etc"],
    "SOURCE_PROXY": ["proxy:3128", "socks5://proxy"],
    "TRUSTED_PROXIES": ["proxy", "10.0.0.0/33", "10.0.0.1/8"],
    "SECRET_KEY_FALLBACKS": ["short", "k" * 50 + ",s", "part,of-one-key-that-has-a-comma"],
    "REDIS_PREFIX": ["a:b", "a b", "é", "a" * 41],
    "REDIS_URL": [
        "localhost",
        "redis://h/x",
        "redis://h?ssl_ca_certs=/x",
        "sentinel://a,b",
        "redis://a..b",
    ],
    "DATABASE_URL": [
        *("mysql://h/n", "postgresql://h", "postgresql://h:x/n", "postgresql:///n?sslmod=require"),
        *("postgresql://u:p#q@h/n", "postgresql://u:p%q@h/n", "postgresql://u:p/q@h/n"),
        *("postgresql://h/n?sslmode=yes", "postgresql://h/n?connect_timeout=x", "sqlite://x"),
        *("postgresql://h:70000/n", "sqlite:////x?y", "sqlite:///", "postgresql://h/n?port=x"),
        *("sqlite:////x%00", "postgresql://h/%00", "postgresql://h/n?port=٣"),
    ],
    "CELERY_BROKER_URL": ["amqp://elsewhere", "elsewhere"],
    "CELERY_BROKER_READ_URL": ["redis://elsewhere/0"],
    "CELERY_BROKER_WRITE_URL": ["redis://elsewhere/0"],
    "CELERY_RESULT_BACKEND": ["redis://elsewhere/0"],
    "BRAPI_TOKEN": ["two\nlines"],
    "FMP_KEY": ["two\nlines"],
    "FMP_URL": ["financialmodelingprep.com", "file:///etc"],
    "FMP_BUDGET_PER_DAY": ["0", "many"],
    "METRICS_TOKEN": ["tab\tbed"],
    "SECRET_KEY": ["\udcff" * 60],
    "DATA_DIR": ["/tmp/\udcff"],  # noqa: S108 - never created
}
READ_EACH = """
import importlib, json, os, sys
given = dict(os.environ)
for case in json.loads(sys.argv[1]):
    os.environ.clear()
    os.environ.update(given | case)
    for name in [name for name in sys.modules if name.startswith("project.settings")]:
        del sys.modules[name]
    try:
        settings = importlib.import_module("project.settings")
    except SystemExit as refusal:
        result = refusal.code
    else:
        database = settings.DATABASES["default"]["NAME"]
        result = [settings.SECRET_KEY, str(settings.DATA_DIR), str(database)]
    print(json.dumps(result))
"""


@pytest.fixture
def set_variables(monkeypatch):
    """Return a function that sets variables of this process until the test ends."""

    def set_(**env_vars):
        for name, value in env_vars.items():
            monkeypatch.setenv(name, value)

    return set_


def read_settings(**env_vars):
    code = "import project.settings"
    return run("-c", code, **PRODUCTION | {"DATA_DIR": "/nowhere"} | env_vars)


def read_each(*cases):
    """Read the settings once with each case's variables; return the refusal or the values.

    All in one process: each start would take half a second.
    """
    done = run("-c", READ_EACH, json.dumps(cases), **PRODUCTION | {"DATA_DIR": "/nowhere"})
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_bad_value_is_refused_in_one_line_that_names_the_variable():
    cases = [(name, value) for name, values in REFUSED.items() for value in values]

    results = read_each(*({name: value} for name, value in cases))

    wrong = [
        (name, value, result)
        for (name, value), result in zip(cases, results, strict=True)
        if not str(result).startswith(f"pregao: {name} ") or "\n" in str(result)
    ]
    assert wrong == []


STORES = """
import os
from project import settings
from project.celery import app
database = settings.DATABASES["default"]
names = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
print([database[name] for name in names], settings.REDIS_URL, app.conf.broker_url)
print("CELERY_BROKER_URL" in os.environ, app.connection_for_write().as_uri())
"""


def test_stores_are_read_from_the_variables_of_other_services():
    given = {
        "POSTGRES_DB": "b3/1",
        "POSTGRES_USER": "ana@b3",
        "POSTGRES_DB_PASSWORD": "p#:%/ 1",
        "POSTGRES_HOST": "db",
        "CELERY_BROKER_URL": "redis://broker:6379/3",
    }
    done = run("-c", STORES, **PRODUCTION | {"DATA_DIR": "/nowhere"} | given)

    first, celery = done.stdout.splitlines()
    database = ["b3/1", "ana@b3", "p#:%/ 1", "db", "5432"]
    assert first == f"{database} redis://broker:6379/3 redis://broker:6379/3"
    assert celery.startswith("False ")
    assert celery.endswith("broker:6379/3")


def test_postgresql_of_other_services_may_be_a_unix_socket():
    given = {"POSTGRES_DB": "b3", "POSTGRES_USER": "ana", "POSTGRES_HOST": "/var/run/a b"}
    done = run(
        "-c", STORES, **PRODUCTION | {"DATA_DIR": "/nowhere", "REDIS_URL": "redis://r/1"} | given
    )

    assert done.stdout.startswith("['b3', 'ana', '', '/var/run/a b', '5432'] "), done.stderr


def test_our_variables_take_precedence_over_those_of_other_services():
    ours = {"DATABASE_URL": "postgresql://u:p@h/n", "REDIS_URL": "redis://ours/1"}
    theirs = {"POSTGRES_DB": "other", "POSTGRES_DB_PASSWORD": "x"}
    done = run("-c", STORES, **PRODUCTION | {"DATA_DIR": "/nowhere"} | ours | theirs)
    again = {"REDIS_URL": "redis://ours/1", "CELERY_BROKER_URL": "redis://ours/1"}
    other = {"REDIS_URL": "redis://ours/1", "CELERY_BROKER_URL": "redis://theirs/1"}
    same, refused, incomplete = read_each(again, other, {"POSTGRES_USER": "ana"})

    assert done.stdout.splitlines()[0] == "['n', 'u', 'p', 'h', ''] redis://ours/1 redis://ours/1"
    assert isinstance(same, list)
    assert refused == "pregao: CELERY_BROKER_URL is not used: set REDIS_URL, and remove it"
    assert (
        incomplete == "pregao: POSTGRES_DB is missing beside POSTGRES_USER or POSTGRES_DB_PASSWORD"
    )


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_entry_point_refuses_in_one_line_without_a_traceback(entry, tmp_path):
    env_vars = {"DATA_DIR": str(tmp_path), "PORT": "0", "UPDATE_INTERVAL_S": "often"}

    done = run(*ENTRIES[entry], **PRODUCTION | env_vars)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "pregao: UPDATE_INTERVAL_S takes a whole number from 1 to 3600, not 'often'\n"
    )


def test_password_in_a_refused_url_is_not_shown():
    for name, value in (
        ("REDIS_URL", "redis://:hunter2@h/x"),
        ("DATABASE_URL", "postgresql://u:hunter2@h:x/n"),
        ("SOURCE_PROXY", "socks5://u:hunter2@proxy"),
    ):
        done = read_settings(**{name: value})
        assert "hunter2" not in done.stderr
        assert done.stderr.startswith(f"pregao: {name} ")


@pytest.mark.parametrize("value", ["", "  ", "\t"])
def test_empty_value_counts_as_unset(set_variables, value):
    set_variables(PORT=value, ALLOWED_HOSTS=value, HTTPS=value, SITE_URL=value, SECRET_KEY=value)

    assert env.port("PORT", default=8000) == 8000
    assert env.hosts("ALLOWED_HOSTS", ["localhost"]) == ["localhost"]
    assert env.boolean("HTTPS", default=True) is True
    assert env.url("SITE_URL", "https://a.org") == "https://a.org"
    assert env.secret("SECRET_KEY") == ""


@pytest.mark.parametrize(
    ("value", "hosts"),
    [
        (" a.org , ,b.org,a.org,", ["a.org", "b.org"]),
        ("::1,[::1],.example.org,*", ["[::1]", ".example.org", "*"]),
        (" , ", ["default"]),
    ],
)
def test_list_is_trimmed(set_variables, value, hosts):
    set_variables(ALLOWED_HOSTS=value)

    assert env.hosts("ALLOWED_HOSTS", ["default"]) == hosts


@pytest.mark.parametrize(
    ("value", "host"),
    [("[::1]", "::1"), ("::1", "::1"), ("0.0.0.0", "0.0.0.0"), ("my-host.lan", "my-host.lan")],  # noqa: S104 - read, not bound
)
def test_host_has_no_brackets(set_variables, value, host):
    set_variables(HOST=value)

    assert env.host("HOST") == host


def test_url_loses_its_final_slash(set_variables):
    set_variables(SITE_URL="https://pregao.example/app//", CSRF_TRUSTED_ORIGINS="https://*.a.org/")

    assert env.url("SITE_URL") == "https://pregao.example/app"
    assert env.origins("CSRF_TRUSTED_ORIGINS") == ["https://*.a.org"]


@pytest.mark.parametrize(
    ("value", "origin"),
    [
        ("https://A.org:443/", "https://a.org"),
        ("HTTP://a.org:80", "http://a.org"),
        ("https://*.a.org:443", "https://*.a.org"),
        ("https://[::1]", "https://[::1]"),
        ("https://[::1]:443", "https://[::1]"),
        ("https://a.org:80", "https://a.org:80"),
    ],
)
def test_origin_is_written_as_browsers_send_it(set_variables, value, origin):
    set_variables(CSRF_TRUSTED_ORIGINS=f"{value}, {origin}")

    assert env.origins("CSRF_TRUSTED_ORIGINS") == [origin]


def test_ipv4_proxy_is_also_trusted_when_the_server_listens_on_ipv6(set_variables):
    set_variables(TRUSTED_PROXIES="10.0.0.0/8, 127.0.0.1, fd00::/8, *")

    proxies = env.networks("TRUSTED_PROXIES")

    assert proxies[:2] == ["10.0.0.0/8", "::ffff:10.0.0.0/104"]
    assert proxies[2:] == ["127.0.0.1", "::ffff:127.0.0.1/128", "fd00::/8", "*"]
    trusted = _TrustedHosts(proxies[:5])
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "::ffff:127.0.0.1", "fd00::1"):
        assert address in trusted
    assert "::ffff:11.1.2.3" not in trusted


def test_allowed_host_is_written_as_django_compares_it(set_variables):
    set_variables(ALLOWED_HOSTS="[0:0:0:0:0:0:0:1], 2001:DB8::1, a.org.")

    assert env.hosts("ALLOWED_HOSTS", []) == ["[::1]", "[2001:db8::1]", "a.org"]


@pytest.mark.parametrize(
    "value",
    ["a@b.org", "Pregão <a@b.org>", '"Clube, B3" <a@b.org>', "Dr. D'Ávila | B3 <a+b@c.org>"],
)
def test_sender_can_be_written_into_a_message(set_variables, value):
    set_variables(EMAIL_FROM=value)

    assert env.sender("EMAIL_FROM", "") == value
    assert sanitize_address(value, "utf-8")


def test_nothing_is_interpolated():
    values = ["$egredo", "${HOME}", "a$$b", "%(x)s", "{x}", "a#b'c\"d\\"]

    results = read_each(*({"SECRET_KEY": value} for value in values))

    assert [secret for secret, _data_dir, _database in results] == values


def test_data_folder_may_have_any_name(tmp_path):
    names = ["data", "a b", "50%", "50%25", "c#1", "what?", "é", "a;b,c"]
    folders = [tmp_path / name for name in names]

    results = read_each(*({"DATA_DIR": str(folder)} for folder in folders))

    assert [result[1:] for result in results] == [
        [str(folder), str(folder / "pregao.sqlite3")] for folder in folders
    ]


without_nul = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


@settings(deadline=None)
@given(without_nul.filter(lambda path: not path.endswith("/") and path != ":memory:"))
def test_any_path_of_sqlite_survives_percent_encoding(path):
    assert parse_database_url(f"sqlite:///{quote(path)}")["NAME"] == path


@pytest.mark.parametrize("path", ["/data/my db#1.sqlite3", "/data/100%/x", "relative.sqlite3"])
def test_path_of_sqlite_may_be_written_as_it_is(path):
    assert parse_database_url(f"sqlite:///{path}")["NAME"] == path


@settings(deadline=None)
@given(without_nul, without_nul, without_nul)
def test_any_credentials_of_postgresql_survive_percent_encoding(user, password, name):
    encoded = [quote(text, safe="") for text in (user, password, name)]

    database = parse_database_url("postgresql://{}:{}@h:5433/{}".format(*encoded))

    assert (database["USER"], database["PASSWORD"], database["NAME"]) == (user, password, name)
    assert (database["HOST"], database["PORT"]) == ("h", "5433")


@pytest.mark.parametrize(
    ("url", "host", "port", "options"),
    [
        ("postgresql://u@/n?host=/run/my+pg", "/run/my+pg", "", {}),
        ("postgres://u@%2Frun%2Fpg/n", "/run/pg", "", {}),
        ("postgresql://[::1]:5433/n", "::1", "5433", {}),
        (
            "postgresql://h/n?sslmode=verify-full&sslrootcert=/ca.pem&options=-c%20a%3Db",
            "h",
            "",
            {"sslmode": "verify-full", "sslrootcert": "/ca.pem", "options": "-c a=b"},
        ),
    ],
)
def test_postgresql_by_socket_address_and_options(url, host, port, options):
    database = parse_database_url(url)

    assert (database["HOST"], database["PORT"], database["OPTIONS"]) == (host, port, options)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("X=plain", "plain"),
        ("X = spaced ", "spaced"),
        ("  export X=exported", "exported"),
        ("export\tX=tabbed", "tabbed"),
        ("X=", ""),
        ("X= # comment", ""),
        ("X=value # comment", "value"),
        ("X=pass#word", "pass#word"),
        ("X=#hash", "#hash"),
        ("X=a=b", "a=b"),
        ("X=$egredo", "$egredo"),
        ("X='$egredo # \"x\" \\n'", '$egredo # "x" \\n'),
        ("X='a' # comment", "a"),
        ("X=\"$egredo # 'x' \\n\"", "$egredo # 'x' \\n"),
        ('X="a \\"b\\" c\\\\"', 'a "b" c\\'),
        ('X=" spaces "', " spaces "),
        ("X=it's", "it's"),
        ("X=''", ""),
        ("X=é", "é"),
    ],
)
def test_line_is_parsed(line, value):
    assert parse_env(line) == {"X": value}
    assert parse_env(f"# first\r\n\r\nA=1\r\n{line}\r\nB=2\r\n") == {"A": "1", "X": value, "B": "2"}


@pytest.mark.parametrize(
    "line", ["X", "X:1", "1X=2", "X Y=1", "X='open", 'X="open', "X='a' b", 'X="a"b"', "É=1", "X=\0"]
)
def test_malformed_line_is_named(line, tmp_path):
    (tmp_path / ".env").write_text(f"A=1\n{line}\n")

    with pytest.raises(Refusal) as refusal:
        load_env_file(tmp_path / ".env")

    assert str(refusal.value).startswith(f"pregao: {tmp_path / '.env'}, line 2: ")


def test_byte_order_mark_and_missing_file_are_accepted(tmp_path):
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfX=1\r\n")

    assert read_env_file(tmp_path / ".env") == {"X": "1"}
    assert read_env_file(tmp_path / "none") == {}


@pytest.mark.parametrize("content", [b"X=\xff\n", None])
def test_file_that_cannot_be_read_is_refused(tmp_path, content):
    path = tmp_path / ".env"
    path.mkdir() if content is None else path.write_bytes(content)

    with pytest.raises(Refusal, match=f"pregao: {path} "):
        load_env_file(path)


def test_environment_overrides_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("GIVEN", "")
    monkeypatch.delenv("FROM_FILE", raising=False)
    (tmp_path / ".env").write_text("GIVEN=file\nFROM_FILE=1\nFROM_FILE=2\n")

    load_env_file(tmp_path / ".env")

    assert (os.environ["GIVEN"], os.environ.pop("FROM_FILE")) == ("", "2")


printable = st.text(st.characters(exclude_categories=["Cc", "Cs"]))


@settings(deadline=None)
@given(printable.filter(lambda text: "'" not in text))
def test_text_in_single_quotes_is_literal(text):
    assert parse_env(f"X='{text}'") == {"X": text}


@settings(deadline=None)
@given(printable)
def test_escaped_text_in_double_quotes_is_read_back(text):
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')

    assert parse_env(f'X="{escaped}"') == {"X": text}


@settings(deadline=None)
@given(st.text())
def test_any_file_is_read_or_refused_in_one_line(text):
    reason, variables = "", {}
    try:
        variables = parse_env(text)
    except ValueError as error:
        reason = str(error)

    assert variables or not reason or re.fullmatch(r"line \d+: .+", reason)
    assert all(set(name) <= {*string.ascii_letters, *string.digits, "_"} for name in variables)


def without_assignments(path):
    return re.sub(r'os\.environ(\["\w+"\] = | \| \{)', "", path.read_text())


def test_nothing_else_reads_the_environment():
    """Exceptions name the settings module or pass the whole environment to a child process.

    Setting a variable for a library, such as `CELERY_SKIP_CHECKS`, is allowed everywhere.
    """
    root = Path(__file__).parents[2]
    ours = {"environment.py", "env_loading.py"}
    allowed = ours | {"__init__.py", "backup.py", "instance.py", "launcher.py"}
    readers = {
        path.name
        for folder in ("project", "mainapp")
        for path in (root / folder).rglob("*.py")
        if "tests" not in path.parts
        and any(word in without_assignments(path) for word in ("os.environ", "getenv"))
    }

    assert readers <= allowed


MAIL = {"EMAIL_HOST": "smtp.example.org", "SITE_URL": "https://pregao.example"}


@pytest.mark.parametrize(
    ("env_vars", "expected"),
    [
        ({}, ("starttls", 587)),
        ({"EMAIL_PORT": "465"}, ("tls", 465)),
        ({"EMAIL_PORT": "465", "EMAIL_USE_TLS": "1"}, ("tls", 465)),
        ({"EMAIL_USE_SSL": "1"}, ("tls", 465)),
        ({"EMAIL_USE_SSL": "1", "EMAIL_PORT": "1465"}, ("tls", 1465)),
        ({"EMAIL_USE_TLS": "0", "EMAIL_PORT": "25"}, ("none", 25)),
        ({"EMAIL_USE_TLS": "0", "EMAIL_USE_SSL": "0"}, ("none", 587)),
    ],
)
def test_security_of_mail_follows_the_port(set_variables, env_vars, expected):
    set_variables(EMAIL_FROM="a@example.org", EMAIL_HOST="smtp.example.org", **env_vars)
    server = read_mail_settings()

    assert (server.security, server.port) == expected


def test_both_kinds_of_tls_are_refused(set_variables):
    set_variables(EMAIL_USE_TLS="1", EMAIL_USE_SSL="1", EMAIL_PORT="587")

    with pytest.raises(Refusal, match="EMAIL_USE_SSL and EMAIL_USE_TLS exclude each other"):
        read_mail_settings()


@pytest.mark.parametrize(
    ("env_vars", "sender"),
    [
        ({}, "Pregão <pregao@localhost>"),
        ({"EMAIL_HOST": "127.0.0.1"}, "Pregão <pregao@localhost>"),
        ({"EMAIL_HOST": "m.org", "EMAIL_HOST_USER": "ana@a.org"}, "Pregão <ana@a.org>"),
        ({"EMAIL_HOST": "m.org", "EMAIL_HOST_USER": "ana", "EMAIL_FROM": "b@a.org"}, "b@a.org"),
    ],
)
def test_sender_is_the_log_in_name_if_that_is_an_address(set_variables, env_vars, sender):
    set_variables(**env_vars)

    assert read_mail_settings().sender == sender


@pytest.mark.parametrize(
    "env_vars", [{}, {"EMAIL_HOST_USER": "apikey"}, {"EMAIL_HOST_USER": "joão@a.org"}]
)
def test_mail_without_a_sender_is_refused_at_start(env_vars):
    done = read_settings(**MAIL, **env_vars)

    assert done.stderr == (
        "pregao: EMAIL_FROM is not set: with EMAIL_HOST it has to be an address that the mail "
        "server accepts as the sender, such as Pregão <pregao@example.org>\n"
    )


@pytest.mark.parametrize("origins", ["", "https://*.pregao.example"])
def test_mail_without_a_base_of_its_links_is_refused_at_start(origins):
    env_vars = {"EMAIL_FROM": "a@a.org", "SITE_URL": "", "CSRF_TRUSTED_ORIGINS": origins}
    done = read_settings(**MAIL | env_vars)

    assert done.stderr == (
        "pregao: SITE_URL is not set: with EMAIL_HOST it has to be the address that people use, "
        "such as https://pregao.example, where the links in e-mails begin\n"
    )


@pytest.mark.parametrize(
    ("env_vars", "url"),
    [
        ({}, ""),
        ({"SITE_URL": "https://a.org/"}, "https://a.org"),
        ({"SITE_URL": "https://a.org", "CSRF_TRUSTED_ORIGINS": "https://b.org"}, "https://a.org"),
        ({"CSRF_TRUSTED_ORIGINS": "https://*.b.org,https://c.org"}, "https://c.org"),
        ({"CSRF_TRUSTED_ORIGINS": "https://*.b.org"}, ""),
    ],
)
def test_links_begin_with_the_site_or_its_first_origin(set_variables, env_vars, url):
    set_variables(**env_vars)

    assert read_site_url(env.origins("CSRF_TRUSTED_ORIGINS")) == url


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 - never bound
def test_own_address_is_never_a_wildcard(set_variables, host):
    set_variables(HOST=host, PORT="8000")

    assert own_url() == "http://localhost:8000"
    assert own_url(8123) == "http://localhost:8123"


@pytest.mark.parametrize(
    ("env_vars", "note"),
    [
        ({"HOST": "127.0.0.1"}, ""),
        ({"HOST": "0.0.0.0"}, "other machines need ALLOWED_HOSTS and SITE_URL"),  # noqa: S104
        ({"HOST": "::", "ALLOWED_HOSTS": "nas"}, "other machines need SITE_URL"),
        ({"HOST": "::", "ALLOWED_HOSTS": "nas", "SITE_URL": "http://nas:8000"}, ""),
    ],
)
def test_launcher_names_what_other_machines_need(set_variables, tmp_path, capsys, env_vars, note):
    set_variables(DATA_DIR=str(tmp_path), **{"ALLOWED_HOSTS": "", "SITE_URL": ""} | env_vars)
    launcher = Launcher()
    launcher.address = "http://localhost:8000/"
    set_variables(**launcher.instance.environment())  # as the start of the processes does
    launcher._announce("simulated", "set by QUOTE_SOURCE")

    assert re.findall(r"note +(.+)", capsys.readouterr().out) == ([note] if note else [])


def test_launched_instance_links_to_the_address_that_it_printed(set_variables, tmp_path):
    set_variables(DATA_DIR=str(tmp_path), PORT="0", SITE_URL="", CSRF_TRUSTED_ORIGINS="")
    launched = Instance.open()
    launched.acquire()
    launched.write_state(address="http://127.0.0.1:40123/")

    assert launched.environment()["SITE_URL"] == "http://127.0.0.1:40123"
    set_variables(CSRF_TRUSTED_ORIGINS="https://a.org")
    assert launched.environment()["SITE_URL"] == "https://a.org"
    launched.lock.close()
