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
			"First", "Vornamen", "Prénoms", "Primer nombre", "Nombre de pila",
		}, ShortHeadings: []string{"Name"}, Beside: "last_name"},
		{Name: "last_name", Headings: []string{
			"Last name", "Surname", "Family name", "Nachname", "Familienname", "Zuname", "Nom", "Nom de famille", "Apellido",
			"Apellidos",
			"Last", "Nachnamen", "Nom patronymique", "Primer apellido",
		}, ShortHeadings: []string{"Name"}, Beside: "first_name"},
		{Name: "email", Nullable: true, Headings: []string{
			"Email", "Email address", "Mail", "E-Mail-Adresse", "Mailadresse", "Courriel", "Adresse email",
			"Adresse électronique", "Correo", "Correo electrónico",
			"Emails", "Mail address", "Primary email", "Private email", "Work email", "E-Mail privat",
			"Adresse de courriel", "Courrier électronique", "Adresse de messagerie", "Dirección de correo",
			"Dirección de correo electrónico", "Dirección de email",
		}},
		{Name: "phone", Nullable: true, Digits: true, Headings: []string{
			"Phone", "Phone number", "Telephone", "Telephone number", "Mobile", "Mobile phone", "Telefon", "Telefonnummer",
			"Rufnummer", "Mobil", "Handy", "Téléphone", "Numéro de téléphone", "Portable", "Teléfono", "Móvil", "Celular",
			"Tel", "Phone no", "Mobile number", "Cell", "Cell phone", "Mobilnummer", "Mobiltelefon", "Handynummer",
			"Numéro de portable", "Número de teléfono", "Teléfono móvil",
			"Phone no.", "Mobile no.", "Tel.-Nr.", "Telefon-Nr.", "Telefonnr.", "Handy-Nr.", "Mobil-Nr.", "Tél.",
			"N° de téléphone", "N° de portable", "Téléphone portable", "Téléphone mobile",
			"Nº de teléfono", "Teléfono celular", "Nº de móvil",
		}},
		{Name: "location", Nullable: true, Headings: []string{
			"Location", "City", "Place of residence", "Ort", "Wohnort", "Stadt", "Standort", "Lieu", "Ville", "Ubicación",
			"Ciudad", "Localidad",
			"Town", "Residence", "Domicile", "Lieu de résidence", "Lugar de residencia", "Población",
		}},
		{Name: "links", Separators: "|\n", Headings: []string{
			"Links", "Link", "URL", "Website", "LinkedIn", "Webseite", "Liens", "Lien", "Site web", "Enlaces", "Enlace",
			"Sitio web",
			"LinkedIn URL", "LinkedIn profile", "Portfolio", "Homepage", "Profil LinkedIn", "Perfil de LinkedIn",
		}},
		{Name: "tags", Separators: "|;,\n", Headings: []string{
			"Tags", "Tag", "Keywords", "Labels", "Skills", "Schlagwörter", "Stichwörter", "Mots-clés", "Étiquettes",
			"Compétences", "Etiquetas", "Palabras clave",
			"Label", "Fähigkeiten", "Kenntnisse", "Habilidades",
		}},
		{Name: "source", Nullable: true, Headings: []string{
			"Source", "Origin", "Quelle", "Herkunft", "Provenance", "Fuente", "Origen",
			"Channel", "Kanal", "Canal",
		}},
		{Name: "external_id", Nullable: true, Digits: true, Headings: []string{
			"External ID", "Reference", "Externe ID", "Bewerbernummer", "Referenz", "Identifiant externe", "Référence",
			"ID externo", "Referencia",
			"Candidate ID", "Applicant ID", "ATS ID", "Kandidaten-ID", "Kandidatennummer", "Bewerber-ID", "ID externe",
			"Numéro de candidat", "ID de candidato",
			"Bewerber-Nr.", "Kandidaten-Nr.", "N° de candidat", "Nº de candidato", "Nº de referencia",
		}},
		{Name: jobColumn, Separators: "|\n", Headings: []string{
			"Job", "Job ID", "Position", "Vacancy", "Stelle", "Stellenbezeichnung", "Poste", "Offre", "Puesto", "Vacante",
			"Job title", "Role", "Stellentitel", "Jobtitel", "Intitulé du poste", "Cargo", "Título del puesto",
		}},
		{Name: "status", Ignored: true},
		{Name: "allowed_actions", Ignored: true},
		{Name: "created_at", Ignored: true},
		{Name: "updated_at", Ignored: true},
	}
}

// explanations returns what to do about common headings that are not columns.
func explanations() map[string]string {
	all := map[string]string{}
	for _, heading := range []string{
		"Name", "Full name", "Candidate", "Candidate name", "Vollständiger Name", "Vor- und Nachname", "Kandidat", "Bewerber",
		"Nom complet", "Nom et prénom", "Prénom et nom", "Nombre completo", "Nombre y apellidos", "Apellidos y nombre",
	} {
		all[heading] = "split it into first_name and last_name, or name its field in the parameter column"
	}
	return all
}
