# SPDX-License-Identifier: Apache-2.0
"""The stores of the test: as packaging/fleet configures them, with an administrator who may ask."""
import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import time
import urllib.parse

from hosts import STORE_ADDRESS, run

ADMINISTRATOR = "administrator"
HERE = os.path.dirname(os.path.abspath(__file__))


def statements(path):
    """The statements of a file of ClickHouse, without their comments."""
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"--[^\n]*", "", file.read())
    return [part.strip() for part in re.split(r";\s*\n", text) if part.strip()]


def named_queries(path):
    """The queries of a file by their names: each begins with a comment, "-- name: what it is"."""
    with open(path, encoding="utf-8") as file:
        parts = re.split(r"^-- ([a-z]+): ", file.read(), flags=re.MULTILINE)[1:]
    return {name: re.sub(r"--[^\n]*", "", text.split("\n", 1)[1]).strip().rstrip(";")
            for name, text in zip(parts[::2], parts[1::2])}


class Store:
    """Begins with nothing, and answers whoever has a certificate."""

    kind = None

    def __init__(self, work, packaging, authority):
        self.work, self.packaging, self.authority = work, packaging, authority
        self.kills = 0
        self.unanswered = 0  # inserts that were committed, which nobody was answered
        self.process = None
        self.queries = named_queries(f"{packaging}/{self.kind}/queries.sql")
        run(f"{packaging}/certificates", authority, "server", "store", STORE_ADDRESS)
        run(f"{packaging}/certificates", authority, "client", ADMINISTRATOR)

    def launch(self, command, ready):
        with open(f"{self.work}/store.log", "a") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until = time.monotonic() + 60
        while not ready():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the store does not start; {self.work}/store.log")
            time.sleep(0.1)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.kills += 1

    def one(self, query):
        """A number."""
        return int(self.ask(f"SELECT ({query}) AS n")[0]["n"])

    def there(self):
        """Different lines."""
        raise NotImplementedError

    def ask(self, query, **parameters):
        """Rows, as the administrator."""
        raise NotImplementedError

    def boots(self):
        """Rows of what is here of each boot, in words of segments.Written."""
        raise NotImplementedError


class ClickHouse(Store):
    kind = "clickhouse"
    port = 8443
    url = f"https://{STORE_ADDRESS}:{port}"
    environment = {}
    insert = "INSERT INTO rand_guard.incoming (line) FORMAT LineAsString"

    # How many lines have come, those included that came twice. Committed with them.
    counted = """
        CREATE DATABASE test;
        CREATE TABLE test.sent (boot_id UUID, lines UInt64) ENGINE = SummingMergeTree ORDER BY boot_id;
        CREATE MATERIALIZED VIEW test.to_sent TO test.sent AS
        SELECT toUUIDOrZero(fields.boot_id) AS boot_id, count() AS lines FROM rand_guard.incoming
        WHERE fields.seq != 0 GROUP BY boot_id"""

    def __init__(self, work, packaging, authority, engine):
        super().__init__(work, packaging, authority)
        self.engine = engine
        self.start()
        # Twice, because it may be run again.
        for statement in 2 * statements(f"{packaging}/clickhouse/schema.sql") + self.counted.split(";"):
            self.ask(statement)
        # The engine alone has no users. That the server would understand who they are can be said all the same.
        for statement in statements(f"{packaging}/clickhouse/users.sql"):
            self.ask(f"EXPLAIN AST {statement}")

    def post(self, query, body=b"", name=ADMINISTRATOR, user=None, **parameters):
        """Status and text."""
        context = ssl.create_default_context(cafile=f"{self.authority}/authority.pem")
        if name is not None:
            context.load_cert_chain(f"{self.authority}/{name}.pem", f"{self.authority}/{name}.key")
        connection = http.client.HTTPSConnection(STORE_ADDRESS, self.port, context=context, timeout=300)
        url = urllib.parse.urlencode({"query": query, **{f"param_{key}": value for key, value in parameters.items()}},
                                     quote_via=urllib.parse.quote)
        connection.request("POST", "/?" + url, body, {"X-ClickHouse-User": user or name})
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, text

    def ask(self, query, **parameters):
        status, text = self.post(query, **parameters)
        if status != 200:
            raise RuntimeError(f"the store says {status} to {query[:200]}: {text[:2000]}")
        return [json.loads(line) for line in text.splitlines()]

    def start(self):
        def ready():
            try:
                return self.ask("SELECT 1")
            except ConnectionRefusedError:
                return False
        self.launch(["node", f"{HERE}/store.js", self.engine, f"{self.work}/store", STORE_ADDRESS, str(self.port),
                     self.authority, "store", ADMINISTRATOR], ready)

    def end_unanswered(self, write):
        """It ends behind the next insert, which nobody is answered. `write` makes that there is one."""
        self.process.send_signal(signal.SIGUSR2)
        until = time.monotonic() + 120
        while self.process.poll() is None:
            if time.monotonic() > until:
                raise RuntimeError("nothing was inserted for two minutes")
            write()
            time.sleep(1)
        self.kills += 1
        self.unanswered += 1

    def there(self):
        return self.one("SELECT count() FROM rand_guard.lines FINAL")

    def sent(self):
        """Lines that have come, each as often as it came."""
        return self.one("SELECT sum(lines) FROM test.sent")

    def boots(self):
        return self.ask("""
            SELECT boot_id, any(host) AS host, min(seq) AS first, max(seq) AS last, count() AS lines,
                sum(length(line) + 1) AS bytes, sum(reinterpretAsUInt64(reverse(substring(MD5(line), 1, 8)))) AS sum,
                countIf(event_type = 'alert') AS alerts
            FROM rand_guard.lines FINAL GROUP BY boot_id""")

    def forget(self, boot, first, last):
        self.ask(f"DELETE FROM rand_guard.lines WHERE boot_id = '{boot}' AND seq BETWEEN {first} AND {last}")

    def send(self, sender, line):
        """A line, with the certificate of that host."""
        status, text = self.post(self.insert, line.encode(), name=sender)
        if status != 200:
            raise RuntimeError(f"{sender} cannot send: {status} {text}")

    def refuses(self, sender):
        """Those who are let in and should not be; none."""
        admitted = []
        for query, user, what in ((self.insert, "host-99", "a host that says it is another one"),
                                  ("SELECT 1", sender, "a host that asks"),
                                  (self.insert.replace("incoming", "lines"), sender, "a host that passes by")):
            status, _ = self.post(query, b"{}", name=sender, user=user)
            if status != 403:
                admitted.append(f"{what}: {status}")
        try:
            status, _ = self.post(self.insert, b"{}", name=None, user=sender)
            admitted.append(f"somebody without a certificate: {status}")
        except OSError:
            pass
        return admitted


class PostgreSQL(Store):
    kind = "postgresql"
    url = STORE_ADDRESS
    programs = "/usr/lib/postgresql/15/bin"
    environment = {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": "{folder}/authority.pem",
                   "PGSSLCERT": "{folder}/{name}.pem", "PGSSLKEY": "{folder}/{name}.key"}
    nobody = 65534

    def __init__(self, work, packaging, authority, hosts):
        super().__init__(work, packaging, authority)
        self.data = f"{work}/store"
        os.mkdir(self.data, 0o700)
        os.chown(self.data, self.nobody, self.nobody)
        self.as_nobody = ["setpriv", "--reuid", str(self.nobody), "--regid", str(self.nobody), "--clear-groups"]
        run(*self.as_nobody, f"{self.programs}/initdb", "--pgdata", self.data, "--username", ADMINISTRATOR,
            "--encoding", "UTF8", "--locale", "C", "--auth", "reject")
        for name, to in (("authority.pem", "authority.pem"), ("store.pem", "server.pem"), ("store.key", "server.key")):
            run("install", "-m", "0600", "-o", str(self.nobody), "-g", str(self.nobody), f"{authority}/{name}",
                f"{self.data}/{to}")
        with open(f"{self.data}/pg_hba.conf", "w") as file:
            file.write("hostssl all all 0.0.0.0/0 cert\n")
        self.start()
        self.psql("postgres", "--command", "CREATE DATABASE rand_guard")
        for _ in range(2):
            self.psql("rand_guard", "--file", f"{packaging}/postgresql/schema.sql")
        for host in hosts:
            self.psql("rand_guard", "--command", f'CREATE ROLE "{host}" LOGIN IN ROLE rand_guard_sender')
        # Counts lines also if their transaction is rolled back.
        self.psql("rand_guard", "--command", "CREATE SEQUENCE rand_guard.sent", "--command",
                  "CREATE FUNCTION rand_guard.count() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS "
                  "$$ BEGIN PERFORM nextval('rand_guard.sent'); RETURN NEW; END $$", "--command",
                  "CREATE TRIGGER a_count BEFORE INSERT ON rand_guard.incoming FOR EACH ROW "
                  "EXECUTE FUNCTION rand_guard.count()")

    def psql(self, database, *arguments, name=ADMINISTRATOR, user=None):
        where = (f"host={STORE_ADDRESS} dbname={database} user={user or name} sslmode=verify-full "
                 f"sslrootcert={self.authority}/authority.pem")
        if name is not None:
            where += f" sslcert={self.authority}/{name}.pem sslkey={self.authority}/{name}.key"
        return run("psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1",
                   *arguments, where)

    def ask(self, query, **parameters):
        with open(f"{self.work}/query.sql", "w") as file:
            file.write(f"SELECT row_to_json(rows) FROM ({query}) AS rows;\n")
        given = [part for key, value in parameters.items() for part in ("--set", f"{key}={value}")]
        rows = self.psql("rand_guard", *given, "--file", f"{self.work}/query.sql")
        return [json.loads(row) for row in rows.splitlines()]

    def start(self):
        def ready():
            try:
                return self.psql("postgres", "--command", "SELECT 1")
            except RuntimeError:
                return False
        self.launch([*self.as_nobody, f"{self.programs}/postgres", "-D", self.data,
                     "-c", f"listen_addresses={STORE_ADDRESS}", "-c", "unix_socket_directories=",
                     "-c", "ssl=on", "-c", "ssl_ca_file=authority.pem", "-c", "ssl_cert_file=server.pem",
                     "-c", "ssl_key_file=server.key"], ready)

    def kill(self):
        # Its processes end when they see that the first one is gone. Those that have ended are listed as zombies.
        super().kill()
        until = time.monotonic() + 60
        alive = ["pgrep", "--runstates", "DRS", "--exact", "postgres"]
        while subprocess.run(alive, stdout=subprocess.DEVNULL, check=False).returncode == 0:
            if time.monotonic() > until:
                raise RuntimeError("processes of PostgreSQL do not end")
            time.sleep(0.05)

    def end_unanswered(self, _write):
        self.kill()

    def there(self):
        return self.one("SELECT count(*) FROM rand_guard.lines")

    def sent(self):
        return self.one("SELECT last_value FROM rand_guard.sent") - self.one("SELECT count(*) FROM rand_guard.segments")

    def boots(self):
        return self.ask("""
            SELECT boot_id, min(host) AS host, min(seq) AS first, max(seq) AS last, count(*) AS lines,
                sum(octet_length(line) + 1) AS bytes, sum(('x' || left(md5(line), 16))::bit(64)::bigint) AS sum,
                count(*) FILTER (WHERE event_type = 'alert') AS alerts
            FROM rand_guard.lines GROUP BY boot_id""")

    def forget(self, boot, first, last):
        self.psql("rand_guard", "--command",
                  f"DELETE FROM rand_guard.lines WHERE boot_id = '{boot}' AND seq BETWEEN {first} AND {last}")

    def send(self, sender, line):
        self.psql("rand_guard", "--command", f"INSERT INTO rand_guard.incoming VALUES ($line${line}$line$)",
                  name=sender)

    def refuses(self, sender):
        admitted = []
        for query, name, user, what in (
                ("INSERT INTO rand_guard.incoming VALUES ('')", sender, "host-99",
                 "a host that says it is another one"),
                ("SELECT * FROM rand_guard.lines", sender, sender, "a host that asks"),
                ("INSERT INTO rand_guard.lines VALUES ('')", sender, sender, "a host that passes by"),
                ("INSERT INTO rand_guard.incoming VALUES ('')", None, sender, "somebody without a certificate")):
            try:
                self.psql("rand_guard", "--command", query, name=name, user=user)
                admitted.append(what)
            except RuntimeError:
                pass
        return admitted
