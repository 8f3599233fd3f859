"""Your own policy in any language: behind a server that speaks chat completions, here 15 lines of Python's own.

`python examples/served_policy.py 8000` serves it to `selftaught eval --policy openai:http://127.0.0.1:8000/v1#mine`.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def my_policy(message: str) -> str:
    return "Guess: panda" if "bamboo" in message else f"Guess: {message.rstrip('.?!').split()[-1]}"


class Reply(BaseHTTPRequestHandler):
    """Answers one request."""

    def do_POST(self) -> None:  # noqa: D102
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        message = {"role": "assistant", "content": my_policy(asked["messages"][-1]["content"])}
        said = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *args: object) -> None:  # noqa: D102
        pass


class Server(ThreadingHTTPServer):
    """Lets as many requests wait as come at once."""

    request_queue_size = 128


if __name__ == "__main__":
    with Server(("127.0.0.1", int(sys.argv[1]) if sys.argv[1:] else 8000), Reply) as server:
        print(f"--policy openai:http://127.0.0.1:{server.server_port}/v1#mine", flush=True)
        server.serve_forever()
