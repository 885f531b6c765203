"""The rooms: enrolment, certificates, state."""
