"""
Asks a CloudStack API by the SDK `cs`, unchanged, for the tests.

Reads one question a line, {"command": "listWebhooks", "args": {...}, "fetchList": false}, and writes one answer a
line: {"value": ...}, or {"status": 530, "error": {...}} where the SDK raised its error. Endpoint, keys and method are
in the environment, under the SDK's own names.
"""
import json
import os
import sys

from cs import CloudStack, CloudStackApiException

cloud = CloudStack(
    endpoint=os.environ["CLOUDSTACK_ENDPOINT"],
    key=os.environ["CLOUDSTACK_KEY"],
    secret=os.environ["CLOUDSTACK_SECRET"],
    method=os.environ["CLOUDSTACK_METHOD"],
    timeout=60,
)

for line in sys.stdin:
    question = json.loads(line)
    command = getattr(cloud, question["command"])
    try:
        value = command(fetch_list=question["fetchList"], **question["args"])
        answer = {"value": value}
    except CloudStackApiException as error:
        answer = {"status": error.response.status_code, "error": error.error}
    print(json.dumps(answer), flush=True)
