"""Object stores and web servers on this machine, that speak HTTP to whoever asks."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3

MOTO = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print("http://{}:{}".format(*server.get_host_and_port()), flush=True)
sys.stdin.read()
server.stop()
"""
# Files with ETags, ranges and conditions, below /files; below /whole without ranges or sizes; below /plain without
# ranges, of which it says nothing. Below /flaky every second answer is that the server is busy, or is broken off. Below
# /loop everything is said to be elsewhere, namely there.
WEB = """
import asyncio, sys
from pathlib import Path
from aiohttp import web

async def whole(request):
    response = web.StreamResponse(headers={"Accept-Ranges": "none"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    if request.method != "HEAD":
        await response.write(Path(sys.argv[1], request.match_info["name"]).read_bytes())
    return response

async def plain(request):
    return web.Response(body=Path(sys.argv[1], request.match_info["name"]).read_bytes())

turn = 0

async def flaky(request):
    global turn
    turn += 1
    if turn % 4 == 1:
        return web.Response(status=503)
    answer = web.FileResponse(Path(sys.argv[1], request.match_info["name"]))
    if turn % 4 == 3 and request.method == "GET":
        answer = web.StreamResponse(headers={"Content-Length": "1000"})
        await answer.prepare(request)
        await answer.write(b"x")
        request.transport.close()
    return answer

async def answer_with(request):
    return web.Response(status=int(request.match_info["status"]))

async def loop(request):
    return web.HTTPFound(request.path)

async def begin():
    app = web.Application()
    app.router.add_static("/files", sys.argv[1], show_index=True)
    app.router.add_route("*", "/loop/{name:.*}", loop)
    app.router.add_route("*", "/whole/{name}", whole)
    app.router.add_route("*", "/plain/{name}", plain)
    app.router.add_route("*", "/flaky/{name}", flaky)
    app.router.add_route("*", "/status/{status}", answer_with)
    return app

async def main():
    runner = web.AppRunner(await begin())
    await runner.setup()
    host = sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1"
    site = web.TCPSite(runner, host, 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    print(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()

asyncio.run(main())
"""
# What gcsfs asks of Google's storage: facts of an object, lists of them, and their bytes. Other buckets than "bucket"
# want credentials.
GOOGLE = """
import asyncio, sys
from pathlib import Path
from aiohttp import web

def facts(path):
    status = path.stat()
    name = path.relative_to(sys.argv[1]).as_posix()
    return {"kind": "storage#object", "bucket": "bucket", "name": name, "size": str(status.st_size),
            "generation": str(status.st_mtime_ns), "updated": "2024-05-01T12:00:00Z",
            "timeCreated": "2024-05-01T12:00:00Z"}

def refuse(status, message):
    return web.json_response({"error": {"code": status, "message": message}}, status=status)

async def answer(request):
    if request.match_info["bucket"] != "bucket":
        return refuse(401, "Anonymous caller does not have storage.objects.get access to the object.")
    if "name" not in request.match_info:
        paths = sorted(path for path in Path(sys.argv[1]).rglob("*") if path.is_file())
        found = [each for each in map(facts, paths) if each["name"].startswith(request.query.get("prefix", ""))]
        return web.json_response({"items": found})
    path = Path(sys.argv[1], request.match_info["name"])
    if not path.is_file() or request.query.get("generation", facts(path)["generation"]) != facts(path)["generation"]:
        return refuse(404, "No such object")
    return web.FileResponse(path) if request.query.get("alt") == "media" else web.json_response(facts(path))

async def main():
    app = web.Application()
    for place in ("/storage/v1/b/{bucket}/o", "/storage/v1/b/{bucket}/o/{name:.*}"):
        app.router.add_get(place, answer)
        app.router.add_get("/download" + place, answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()

asyncio.run(main())
"""


@contextmanager
def serving(program: str, *words: str) -> Iterator[str]:
    """Run a program that prints its URL, and ends when its input does; give the URL."""
    command = [sys.executable, "-c", program, *words]
    server = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert server.stdout
    try:
        for line in server.stdout:
            if line.startswith("http://"):
                yield line.strip()
                break
    finally:
        server.communicate()


def put(server: str, place: str, data: bytes = b"") -> None:
    """Put an object, or make a bucket."""
    client = boto3.client(
        "s3", endpoint_url=server, aws_access_key_id="S3RVER", aws_secret_access_key="S3RVER", region_name="us-east-1"
    )
    bucket, _, key = place.partition("/")
    if key:
        client.put_object(Bucket=bucket, Key=key, Body=data)
    else:
        client.create_bucket(Bucket=bucket)
    client.close()


def variables(server: str, folder: Path) -> dict[str, str]:
    """Return the variables by which clients of S3 find a server, and nothing of this machine's."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return others | {
        "AWS_ACCESS_KEY_ID": "S3RVER",
        "AWS_SECRET_ACCESS_KEY": "S3RVER",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": server,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(folder / "nothing"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "nothing"),
    }


def variables_of_google(server: str, metadata: str, folder: Path) -> dict[str, str]:
    """Return the variables by which gcsfs finds a server, and no credentials, given where it asks for them."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(("GOOGLE_", "GCE_", "CLOUDSDK"))}
    return others | {
        "CLOUDSDK_CONFIG": str(folder / "nothing"),
        "STORAGE_EMULATOR_HOST": server,
        "GCE_METADATA_HOST": metadata,
        "GCE_METADATA_IP": metadata,
    }
