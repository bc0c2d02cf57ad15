#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes cases.json beside it: generated requests as botocore signs them.

Run with the Python of the test environment (scripts/requirements-test.txt names botocore's version):
    python tests/golden/sigv4/make_cases.py
The same seed gives the same file; --check compares instead of writing.
"""
import datetime
import json
import pathlib
import random
import sys
import urllib.parse
from unittest import mock

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

PLACE = pathlib.Path(__file__).with_name("cases.json")
SEED = 20240229
S3_CASES, OTHER_CASES = 220, 40
ALPHABET = list("abcXYZ019-._~ =+&?#%/:;,@!$'()*[]{}|\\^`\"<>") + ["ü", "日", "🦆", "é"]
REGIONS = ["us-east-1", "eu-central-1", "ap-southeast-2", "cn-north-1", "auto"]


def text(rng, shortest, longest, alphabet=ALPHABET):
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(shortest, longest)))


def quoted(value, safe=""):
    return urllib.parse.quote(value, safe=safe + "-._~")


def make_request(rng, service):
    """The parts of a request, none of them encoded."""
    headers = []
    if service == "s3":
        path = "/" + "/".join(text(rng, 1, 12, [c for c in ALPHABET if c != "/"])
                              for _ in range(rng.randint(0, 4)))
        names = rng.sample(["prefix", "list-type", "continuation-token", "a b", "ü", "X", "x", "uploads"],
                           rng.randint(0, 4))
        query = [[name, text(rng, 0, 16)] for name in names]
        for name, value in [("If-None-Match", "*"), ("If-Match", '"0123abc"'), ("Range", "bytes=0-99"),
                            ("X-Tigris-Consistent", "true"), ("x-amz-meta-words", "  two   words ")]:
            if rng.random() < 0.3:
                headers.append([name, value])
        method = rng.choice(["GET", "PUT", "DELETE", "HEAD", "POST"])
    else:
        path, query, method = "/", [], "POST"
        headers = [["Content-Type", "application/x-amz-json-1.0"],
                   ["X-Amz-Target", "DynamoDB_20120810." + rng.choice(["GetItem", "PutItem", "Query"])]]
    return {
        "method": method,
        "host": rng.choice(["bucket.s3.us-east-1.amazonaws.com", "127.0.0.1:9000", "[::1]:9000",
                            "account.r2.cloudflarestorage.com", "dynamodb.eu-central-1.amazonaws.com"]),
        "path": path,
        "query": query,
        "headers": headers,
        "body": text(rng, 0, 200) if method in ("PUT", "POST") else "",
        "unsigned": service == "s3" and rng.random() < 0.2,
        "region": rng.choice(REGIONS),
        "service": service,
        "access_key_id": "AKID" + text(rng, 12, 16, list("ABCDEFGH234567")),
        "secret_access_key": text(rng, 40, 40, list("abcDEF0189+/")),
        "session_token": text(rng, 60, 200, list("abcDEF0189+/=")) if rng.random() < 0.4 else "",
        "time_s": rng.randint(946684800, 4102444800),
    }


def sign(case):
    """Adds what botocore answers: the encoded target and the Authorization header."""
    pairs = sorted((quoted(name), quoted(value)) for name, value in case["query"])
    target = quoted(case["path"], "/") + ("?" + "&".join("=".join(pair) for pair in pairs) if pairs else "")
    request = AWSRequest(method=case["method"], url="https://" + case["host"] + target,
                         data=case["body"].encode(), headers=dict(case["headers"], Host=case["host"]))
    keys = Credentials(case["access_key_id"], case["secret_access_key"], case["session_token"] or None)
    if case["service"] == "s3":
        request.context["client_config"] = None
        request.context["payload_signing_enabled"] = not case["unsigned"]
        signer = botocore.auth.S3SigV4Auth(keys, "s3", case["region"])
        request.context["payload_signing_enabled"] = True
        if case["unsigned"]:
            signer.payload = lambda _request: "UNSIGNED-PAYLOAD"
    else:
        signer = botocore.auth.SigV4Auth(keys, case["service"], case["region"])
    now = datetime.datetime.fromtimestamp(case["time_s"], datetime.timezone.utc)
    with mock.patch("botocore.auth.get_current_datetime", lambda *_args, **_named: now):
        signer.add_auth(request)
    return dict(case, target=target, authorization=request.headers["Authorization"])


def main():
    rng = random.Random(SEED)
    services = ["s3"] * S3_CASES + ["dynamodb"] * OTHER_CASES
    cases = [sign(make_request(rng, service)) for service in services]
    lines = ",\n".join(json.dumps(case, ensure_ascii=True) for case in cases)
    content = "[\n" + lines + "\n]\n"
    if "--check" in sys.argv[1:]:
        if PLACE.read_text() != content:
            sys.exit("cases.json is not what this script makes with this botocore")
        print(f"{len(cases)} cases as committed")
    else:
        PLACE.write_text(content)
        print(f"{len(cases)} cases written to {PLACE}")


if __name__ == "__main__":
    main()
