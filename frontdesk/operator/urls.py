from django.urls import path

from frontdesk.operator import views

app_name = "operator"

urlpatterns = [
    path("", views.clients, name="clients"),
    path("clients/new/", views.new_client, name="new-client"),
    path("clients/<str:client_id>/", views.client, name="client"),
    path("clients/<str:client_id>/pause/", views.pause, name="pause"),
    path("clients/<str:client_id>/resume/", views.resume, name="resume"),
    path("clients/<str:client_id>/close/", views.close, name="close"),
    path("clients/<str:client_id>/origins/", views.origins, name="origins"),
]
