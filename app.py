"""The composition root: the Chalice app, its blueprints and triggers, and nothing else.

Every Lambda of the app imports this module. Each names in HANDLERS what it serves, and only that is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalice.app import AuthRequest, Chalice, CloudWatchEvent, DynamoDBEvent, Rate, SQSEvent

from chalicelib import deploying, metrics, settings

app = Chalice(app_name="todo-ledger")


def _sources() -> deploying.Sources:
    if not deploying.is_being_deployed():
        return deploying.UNKNOWN
    from stack.chalice_deploy import prepare

    return prepare()


SOURCES = _sources()


app.register_middleware(metrics.write_after, "all")

if settings.starts_from_snapshot():
    from chalicelib.aws import snapshot

    snapshot.register()

if settings.serves("api") or settings.serves("mcp") or settings.serves("authorize"):
    from chalicelib.api import auth
    from chalicelib.api.routes import ROUTES
    from chalicelib.mcp import routes as mcp_routes

    @app.authorizer(ttl_seconds=auth.AUTHORIZER_TTL_SECONDS)
    def authorize(request: AuthRequest) -> Mapping[str, Any]:
        return auth.authorize(request.token, request.method_arn, (*ROUTES, *mcp_routes.ROUTES))


if settings.serves("api"):
    from chalicelib.api import routing
    from chalicelib.api.resources import todos as todos  # loaded before the first request: nearly all need it

    app.register_blueprint(routing.blueprint(authorize))


if settings.serves("mcp"):
    from chalicelib.api import routing
    from chalicelib.mcp import protocol, server

    app.register_blueprint(
        routing.blueprint(
            authorize,
            mcp_routes.ROUTES,
            answer_problem=server.answer_problem,
            request_headers=protocol.REQUEST_HEADERS,
        )
    )

    @app.lambda_function(name="mcp")
    def mcp(event: dict[str, Any], context: Any) -> dict[str, Any]:
        # A function of its own, and the same requests of the same gateway as the API's.
        answer: dict[str, Any] = app(event, context)
        return answer


if settings.serves("project"):
    from chalicelib.triggers import project as project_trigger

    @app.on_dynamodb_record(SOURCES.events_stream, name="project", batch_size=100, starting_position="TRIM_HORIZON")
    def project(event: DynamoDBEvent) -> None:
        project_trigger.handle(event.to_dict())


if settings.serves("publish"):
    from chalicelib.triggers import publish as publish_trigger

    @app.on_dynamodb_record(SOURCES.events_stream, name="publish", batch_size=100, starting_position="TRIM_HORIZON")
    def publish(event: DynamoDBEvent) -> None:
        publish_trigger.handle(event.to_dict())


if settings.serves("deliver"):
    from chalicelib.triggers import deliver as deliver_trigger

    @app.on_sqs_message(queue_arn=SOURCES.deliver_queue, name="deliver", batch_size=10)
    def deliver(event: SQSEvent) -> dict[str, Any]:
        return deliver_trigger.handle(event.to_dict(), event.context)


if settings.serves("remind"):
    from chalicelib.triggers import remind as remind_trigger

    @app.schedule(Rate(1, unit=Rate.MINUTES), name="remind")
    def remind(event: CloudWatchEvent) -> None:
        remind_trigger.handle(event.to_dict(), event.context)


if settings.serves("remind_page"):
    from chalicelib.triggers import remind_page as remind_page_trigger

    @app.on_sqs_message(queue_arn=SOURCES.remind_queue, name="remind_page", batch_size=1)
    def remind_page(event: SQSEvent) -> dict[str, Any]:
        return remind_page_trigger.handle(event.to_dict())


if settings.serves("clear"):
    from chalicelib.triggers import clear as clear_trigger

    @app.on_sqs_message(queue_arn=SOURCES.clear_queue, name="clear", batch_size=1)
    def clear(event: SQSEvent) -> dict[str, Any]:
        return clear_trigger.handle(event.to_dict())


if settings.serves("rebuild"):
    from chalicelib.triggers import rebuild as rebuild_trigger

    @app.lambda_function(name="rebuild")
    def rebuild(event: dict[str, Any], context: Any) -> dict[str, Any]:
        return rebuild_trigger.handle(event, context)
