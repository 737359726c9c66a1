import json

from django.http import HttpRequest, JsonResponse
from django.urls import path

from benchmarks.stock.notes.models import Note


def add(request: HttpRequest) -> JsonResponse:
    note = Note.objects.create(text=json.loads(request.body)["text"])
    response = JsonResponse({"id": note.pk})
    response["Content-Length"] = str(len(response.content))
    return response


urlpatterns = [path("", add)]
