package candidates

import "github.com/ai-interviewer-platform/interviewer/server/edge/bulk"

const (
	// jobColumn is the column with the jobs that a candidate applies to.
	jobColumn = "job"
	// createApplications is the permission that it requires.
	createApplications = "applications:write"
)

// importColumns returns the columns of an import. They include those of an export, so that an export can be imported:
// its id identifies a candidate like an external_id does, and its read-only columns are ignored. The description of
// ImportCandidatesCSV lists the headings; a test compares them.
func importColumns() []bulk.Column {
	return []bulk.Column{
		{Name: "id", Nullable: true},
		{Name: "first_name", Headings: []string{
			"First name", "Given name", "Forename", "Vorname", "Rufname", "Prénom", "Nombre", "Nombres",
		}},
		{Name: "last_name", Headings: []string{
			"Last name", "Surname", "Family name", "Nachname", "Familienname", "Zuname", "Nom", "Nom de famille", "Apellido",
			"Apellidos",
		}},
		{Name: "email", Nullable: true, Headings: []string{
			"Email", "Email address", "Mail", "E-Mail-Adresse", "Mailadresse", "Courriel", "Adresse email",
			"Adresse électronique", "Correo", "Correo electrónico",
		}},
		{Name: "phone", Nullable: true, Digits: true, Headings: []string{
			"Phone", "Phone number", "Telephone", "Telephone number", "Mobile", "Mobile phone", "Telefon", "Telefonnummer",
			"Rufnummer", "Mobil", "Handy", "Téléphone", "Numéro de téléphone", "Portable", "Teléfono", "Móvil", "Celular",
		}},
		{Name: "location", Nullable: true, Headings: []string{
			"Location", "City", "Place of residence", "Ort", "Wohnort", "Stadt", "Standort", "Lieu", "Ville", "Ubicación",
			"Ciudad", "Localidad",
		}},
		{Name: "links", Separators: "|\n", Headings: []string{
			"Links", "Link", "URL", "Website", "LinkedIn", "Webseite", "Liens", "Lien", "Site web", "Enlaces", "Enlace",
			"Sitio web",
		}},
		{Name: "tags", Separators: "|;,\n", Headings: []string{
			"Tags", "Tag", "Keywords", "Labels", "Skills", "Schlagwörter", "Stichwörter", "Mots-clés", "Étiquettes",
			"Compétences", "Etiquetas", "Palabras clave",
		}},
		{Name: "source", Nullable: true, Headings: []string{
			"Source", "Origin", "Quelle", "Herkunft", "Provenance", "Fuente", "Origen",
		}},
		{Name: "external_id", Nullable: true, Digits: true, Headings: []string{
			"External ID", "Reference", "Externe ID", "Bewerbernummer", "Referenz", "Identifiant externe", "Référence",
			"ID externo", "Referencia",
		}},
		{Name: jobColumn, Separators: "|\n", Headings: []string{
			"Job", "Job ID", "Position", "Vacancy", "Stelle", "Stellenbezeichnung", "Poste", "Offre", "Puesto", "Vacante",
		}},
		{Name: "status", Ignored: true},
		{Name: "allowed_actions", Ignored: true},
		{Name: "created_at", Ignored: true},
		{Name: "updated_at", Ignored: true},
	}
}
