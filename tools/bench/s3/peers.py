"""The other servers, as scripts/peers.sh installs them, with their defaults."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tools.bench.s3.subject import ACCESS_KEY, REGION, SECRET_KEY, Aerolith, NotAvailable, Program, Subject
from tools.harness.server import REPOSITORY, free_port

PEERS = REPOSITORY / "build/peers"


class Installed(Program):
    binary = ""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        if not (PEERS / "bin" / self.binary).exists():
            reason = PEERS / f"{self.name}.reason"
            raise NotAvailable(reason.read_text().strip() if reason.exists() else "not installed: scripts/peers.sh")

    @property
    def program(self) -> str:
        return str(PEERS / "bin" / self.binary)

    def version(self) -> str:
        return (PEERS / f"{self.name}.version").read_text().strip()


class MinIO(Installed):
    name = "minio"
    title = "MinIO"
    binary = "minio"
    syncs = "one drive, defaults: syncs the object's file (fdatasync or O_DSYNC), not the folder that names it"

    def command(self) -> list[str]:
        console = f"127.0.0.1:{free_port()}"
        return [self.program, "server", "--quiet", f"--address=127.0.0.1:{self.port}", f"--console-address={console}",
                str(self.data_folder)]  # fmt: skip

    def variables(self) -> dict[str, str]:
        return {"MINIO_ROOT_USER": ACCESS_KEY, "MINIO_ROOT_PASSWORD": SECRET_KEY, "MINIO_UPDATE": "off"}


class VersityGateway(Installed):
    name = "versitygw"
    title = "versitygw"
    binary = "versitygw"
    syncs = "posix backend, defaults: syncs nothing"

    def command(self) -> list[str]:
        return [self.program, "--port", f"127.0.0.1:{self.port}", "--quiet", "posix", str(self.data_folder)]

    def variables(self) -> dict[str, str]:
        return {"ROOT_ACCESS_KEY": ACCESS_KEY, "ROOT_SECRET_KEY": SECRET_KEY, "VGW_REGION": REGION}


class SeaweedFS(Installed):
    name = "seaweedfs"
    title = "SeaweedFS"
    binary = "weed"
    syncs = "master, volume, filer and S3 in one process, defaults: syncs nothing"

    def command(self) -> list[str]:
        identity = {
            "name": "bench",
            "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        config = self.root / "s3.json"
        config.write_text(json.dumps({"identities": [identity]}))
        ports = {
            name: free_port()
            for name in ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port",
                         "filer.port.grpc", "s3.port.grpc")
        }  # fmt: skip
        return [
            self.program, "-logtostderr", "server", f"-dir={self.data_folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
            "-volume.max=0", "-filer", "-s3", f"-s3.port={self.port}", f"-s3.config={config}",
            # By default it reports to its makers, and listens for more protocols.
            "-master.telemetry=false", "-s3.port.iceberg=0", "-s3.port.lance=0",
            f"-s3.localSocket={self.root}/s3.sock", f"-filer.localSocket={self.root}/filer.sock",
            *(f"-{name}={port}" for name, port in ports.items()),
        ]  # fmt: skip


class Nginx(Installed):
    name = "nginx"
    title = "nginx (files)"
    binary = "nginx"
    syncs = "writes nothing; the ceiling of reads"
    serves_files = True

    def command(self) -> list[str]:
        config = self.root / "nginx.conf"
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        folders = " ".join(f"{kind}_temp_path {self.root}/{kind};" for kind in kinds)
        config.write_text(f"""
            daemon off;
            user root;
            worker_processes auto;
            pid {self.root}/nginx.pid;
            error_log {self.root}/error.log;
            events {{ worker_connections 1024; }}
            http {{
              {folders}
              access_log off;
              sendfile on;
              tcp_nopush on;
              keepalive_requests 1000000000;
              open_file_cache max=20000;
              server {{ listen 127.0.0.1:{self.port}; root {self.data_folder}; }}
            }}
        """)
        return [self.program, "-p", str(self.root), "-e", f"{self.root}/error.log", "-c", str(config)]

    def version(self) -> str:
        told = subprocess.run([self.program, "-v"], capture_output=True, text=True, check=True).stderr
        return told.strip().rpartition("/")[2]

    def credential_variables(self) -> dict[str, str]:
        return {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}

    def make_bucket(self) -> None:
        (self.data_folder / self.bucket).mkdir(exist_ok=True)


# In the order of the table.
SUBJECTS: dict[str, type[Subject]] = {kind.name: kind for kind in (Aerolith, MinIO, VersityGateway, SeaweedFS, Nginx)}
