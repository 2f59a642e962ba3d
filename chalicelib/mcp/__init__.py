"""A Model Context Protocol server: tools by which assistants work with an owner's todos."""
