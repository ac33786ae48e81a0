"""FastAPI behind Mangum, with a model and a lifespan."""
from contextlib import asynccontextmanager

from fastapi import FastAPI, Response
from mangum import Mangum
from pydantic import BaseModel

started = []


@asynccontextmanager
async def lifespan(_app):
    started.append("up")
    yield


class Order(BaseModel):
    names: list[str]
    n: int = 1


app = FastAPI(lifespan=lifespan)


@app.get("/hello/{name}")
async def hello(name: str, mood: str | None = None) -> dict:
    return {"hello": name, "mood": mood, "started": started[:1]}


@app.post("/orders", status_code=201)
async def orders(order: Order, response: Response) -> dict:
    response.set_cookie("a", "1")
    response.set_cookie("b", "2")
    return {"names": sorted(order.names), "n": order.n}


@app.get("/bytes")
async def bytes_() -> Response:
    return Response(bytes([137, 80, 78, 71, 0, 255]), media_type="image/png")


handler = Mangum(app)
