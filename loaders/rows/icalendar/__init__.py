"""Reading to-dos from calendars: iCalendar (RFC 5545 and its extensions) and vCalendar 1.0."""
