"""Each adverse event that was recorded before gets its site and its first entries; no word of it is lost."""

from django.db import migrations

KNOWN = frozenset({"unrelated", "unlikely", "possible", "probable", "definite"})


def begin(apps, schema_editor):
    link = apps.get_model("patients", "PatientSite")
    entry = apps.get_model("clinic_sessions", "AdverseEventEntry")
    for event in apps.get_model("clinic_sessions", "AdverseEvent").objects.select_related("record"):
        first = link.objects.filter(patient_id=event.patient_id).order_by("linked_at", "pk").first()
        event.site_id = event.record.site_id if event.record else first.site_id
        event.worst_grade, said, over = event.grade, event.outcome, event.state == "resolved"
        words = "" if event.causality in KNOWN else event.causality
        event.causality = event.causality if event.causality in KNOWN else ""
        event.outcome, event.version = "resolved" if over else "", 2 if over else 1
        event.save()
        lots = sorted(event.lots.values_list("pk", flat=True))
        held = {"event": event, "code": event.code, "grade": event.grade, "causality": event.causality, "lots": lots}
        held |= {"action": event.action, "by_id": event.reported_by_id}
        entry.objects.create(**held, number=1, kind="opened", text=words, at=event.reported_at)
        if over:
            ended = event.resolved_at or event.reported_at
            closed = {"number": 2, "kind": "closed", "outcome": "resolved", "text": said, "at": ended}
            entry.objects.create(**held, **closed, resolved_at=ended)


def give_back(apps, schema_editor):
    entry = apps.get_model("clinic_sessions", "AdverseEventEntry")
    for closed in entry.objects.filter(kind="closed").order_by("number").select_related("event"):
        closed.event.outcome = closed.text
        closed.event.save(update_fields=["outcome"])
    entry.objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("clinic_sessions", "0002_adverse_event_history")]
    operations = [migrations.RunPython(begin, give_back)]
