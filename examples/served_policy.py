"""Your own policy in any language: behind a server that speaks chat completions, here 15 lines of Python's own."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice

from selftaught import Agent
from selftaught.agents.scripted import Scripted
from selftaught.agents.server import ServerAgent
from selftaught.envs.registry import make_game, player
from selftaught.rollout import rollout


def my_policy(message: str) -> str:
    return "Guess: panda" if "bamboo" in message else f"Guess: {message.rstrip('.?!').split()[-1]}"


class Server(BaseHTTPRequestHandler):
    """What `--policy openai:http://127.0.0.1:PORT/v1#mine` plays with on the command line."""

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


def texts(defender: Agent) -> list[list[str]]:
    game, attacker = make_game("taboo"), Scripted("facts", player("taboo", "attacker", "fact_giver"))
    cast: dict[str, Agent] = {"attacker": attacker, "defender": defender}
    episodes = rollout(game, islice(game.tasks("test", seed=0), 50), cast, seed=0)
    return [[turn.reply.text for turn in episode.turns] for episode in episodes]


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
served = texts(ServerAgent(f"http://127.0.0.1:{server.server_port}/v1", "mine"))
direct = texts(Scripted("mine", lambda ask: my_policy(ask.messages[-1].content)))
same = [one == other for one, other in zip(served, direct, strict=True)]
print(f"{sum(same)} of {len(same)} games are word for word those without the server")
