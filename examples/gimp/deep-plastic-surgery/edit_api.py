"""A client of the editor's API (docs/api.md), by Python's standard library alone. As a program:

    python3 edit_api.py --photo photo.jpg --mask mask.png --sketch sketch.png --l 0.5 --out result.png
"""

import argparse
import base64
import json
import os
import sys
import urllib.error
import urllib.request

ADDRESS = "http://127.0.0.1:4321/"
# Photos are sent to the editor itself, past any proxy that the system has for the web.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Problem(Exception):
    """What is wrong, in words for people."""


def edit(files, address=ADDRESS, token=None, **choices):
    """Fills the hole of a photo.

    files: paths by field: photo and mask, and sketch and colour where they are wanted.
    choices: l, maskHole and region.
    Returns the PNG file's bytes and a list of warnings. Raises Problem.
    """
    fields = {name: value for name, value in choices.items() if value is not None}
    for name, path in files.items():
        with open(path, "rb") as file:
            fields[name] = base64.b64encode(file.read()).decode("ascii")
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if token:
        headers["Authorization"] = "Bearer " + token
    url = address.rstrip("/") + "/api/v1/edit"
    request = urllib.request.Request(url, json.dumps(fields).encode("utf-8"), headers)
    try:
        with _opener.open(request, timeout=600) as answer:
            edited = json.load(answer)
    except urllib.error.HTTPError as error:
        raise Problem(_in_words(error)) from None
    except OSError as error:
        raise Problem(f"No editor answers at {address}: {error}\nStart it (npm run edit), and give the address that it prints.") from None
    return base64.b64decode(edited["result"]), edited["warnings"]


def _in_words(error):
    """A problem that the server has answered (RFC 9457)."""
    try:
        problem = json.load(error)
        lines = [problem["detail"]]
    except (ValueError, KeyError, TypeError):
        return f"The server answered {error.code} {error.reason}. Is it the editor?"
    lines += [f"  {key}: {problem[key]}" for key in ("where", "expected", "got", "fix") if key in problem]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(
        description="Fills the hole of a photo by the editor's API.",
        epilog="The environment variable DPS_API_TOKEN has the token, where the editor needs one.",
    )
    parser.add_argument("--photo", required=True, help="the photo")
    parser.add_argument("--mask", required=True, help="white where it is to change")
    parser.add_argument("--sketch", help="dark lines on light paper or on nothing")
    parser.add_argument("--colour", help="strokes of colour on nothing")
    parser.add_argument("--l", type=float, help="from 0 (the lines as they are drawn) to 1 (a rough idea)")
    parser.add_argument("--region", choices=["hole", "face", "whole"], help="what the network sees")
    parser.add_argument("--address", default=ADDRESS, help=f"of the editor; {ADDRESS} by default")
    parser.add_argument("--out", required=True, help="the PNG file to write")
    given = parser.parse_args()
    files = {name: getattr(given, name) for name in ("photo", "mask", "sketch", "colour") if getattr(given, name)}
    try:
        result, warnings = edit(
            files, given.address, os.environ.get("DPS_API_TOKEN"), l=given.l, region=given.region
        )
        with open(given.out, "wb") as file:
            file.write(result)
    except (Problem, OSError) as problem:
        sys.exit(str(problem))
    for warning in warnings:
        print("Warning: " + warning, file=sys.stderr)


if __name__ == "__main__":
    main()
