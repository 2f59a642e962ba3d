"""Calendar feeds: tokens and iCalendar text."""
