"""The API's contract, an OpenAPI 3.1 document: a module for each resource, and what they share.

Imported by who asks for the document and by nobody else.
"""
