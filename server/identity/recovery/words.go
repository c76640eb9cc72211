package recovery

import "github.com/ai-interviewer-platform/interviewer/db/stored"

// title is the heading of the page.
func (v view) title() string {
	if v.email == "" {
		return v.heading
	}
	return v.words.heading
}

// words are the texts of the page in one language. refused has a text for each reason of package password.
type words struct {
	heading, email, newPassword, repeated, rules, submit string
	doneHeading, done                                    string
	invalidHeading, invalid                              string
	failedHeading, tryAgain, different                   string
	refused                                              map[string]string
}

// wordsOf returns the texts of a language; English for an unknown one.
func wordsOf(language stored.Language) words {
	switch language {
	case stored.LanguageDE:
		return german()
	case stored.LanguageFR:
		return french()
	case stored.LanguageES:
		return spanish()
	case stored.LanguageEN:
	}
	return english()
}

func english() words {
	return words{
		heading: "Choose a new password", email: "Email", newPassword: "New password", repeated: "New password again",
		rules:  "At least 8 characters. A few unrelated words are easy to remember and hard to guess.",
		submit: "Save the password", doneHeading: "Your password is changed",
		done:           "All your sessions have ended. You can now sign in with the new password, and close this page.",
		invalidHeading: "This link does not work",
		invalid: "The link is incomplete, has expired or was used. A link works once and for 30 minutes, " +
			"and no longer if the password has changed. Request a new link where you sign in.",
		failedHeading: "This did not work", tryAgain: "Please try again in a moment.",
		different: "The two passwords differ.",
		refused: map[string]string{
			"too_short": "The password must have at least 8 characters.", "too_long": "The password is too long.",
			"invalid_text":     "The password contains characters that cannot be used.",
			"too_common":       "This password is one of the most common ones.",
			"contains_email":   "The password must not contain your email address.",
			"contains_company": "The password must not contain the name of your company.",
			"is_name":          "The password must not be your name.",
		},
	}
}

func german() words {
	return words{
		heading: "Neues Passwort wählen", email: "E-Mail", newPassword: "Neues Passwort",
		repeated: "Neues Passwort wiederholen",
		rules:    "Mindestens 8 Zeichen. Einige Wörter ohne Zusammenhang sind leicht zu merken und schwer zu erraten.",
		submit:   "Passwort speichern", doneHeading: "Ihr Passwort ist geändert",
		done: "Alle Ihre Sitzungen wurden beendet. Sie können sich jetzt mit dem neuen Passwort anmelden " +
			"und diese Seite schließen.",
		invalidHeading: "Dieser Link funktioniert nicht",
		invalid: "Der Link ist unvollständig, abgelaufen oder wurde schon benutzt. Ein Link funktioniert einmal " +
			"und 30 Minuten lang, " +
			"und nicht mehr, wenn das Passwort geändert wurde. Fordern Sie bei der Anmeldung einen neuen Link an.",
		failedHeading: "Das hat nicht funktioniert", tryAgain: "Bitte versuchen Sie es gleich noch einmal.",
		different: "Die beiden Passwörter sind verschieden.",
		refused: map[string]string{
			"too_short": "Das Passwort muss mindestens 8 Zeichen haben.", "too_long": "Das Passwort ist zu lang.",
			"invalid_text":     "Das Passwort enthält Zeichen, die nicht verwendet werden können.",
			"too_common":       "Dieses Passwort gehört zu den häufigsten.",
			"contains_email":   "Das Passwort darf Ihre E-Mail-Adresse nicht enthalten.",
			"contains_company": "Das Passwort darf den Namen Ihres Unternehmens nicht enthalten.",
			"is_name":          "Das Passwort darf nicht Ihr Name sein.",
		},
	}
}

func french() words {
	return words{
		heading: "Choisir un nouveau mot de passe", email: "Adresse e-mail", newPassword: "Nouveau mot de passe",
		repeated: "Répéter le nouveau mot de passe",
		rules:    "Au moins 8 caractères. Quelques mots sans rapport sont faciles à retenir et difficiles à deviner.",
		submit:   "Enregistrer le mot de passe", doneHeading: "Votre mot de passe est modifié",
		done: "Toutes vos sessions ont pris fin. Vous pouvez maintenant vous connecter avec le nouveau mot de passe " +
			"et fermer cette page.",
		invalidHeading: "Ce lien ne fonctionne pas",
		invalid: "Le lien est incomplet, a expiré ou a déjà été utilisé. Un lien fonctionne une seule fois, " +
			"pendant 30 minutes, " +
			"et plus du tout après un changement de mot de passe. Demandez un nouveau lien à l’endroit où vous vous connectez.",
		failedHeading: "Cela n’a pas fonctionné", tryAgain: "Veuillez réessayer dans un instant.",
		different: "Les deux mots de passe sont différents.",
		refused: map[string]string{
			"too_short": "Le mot de passe doit contenir au moins 8 caractères.", "too_long": "Le mot de passe est trop long.",
			"invalid_text":     "Le mot de passe contient des caractères qui ne peuvent pas être utilisés.",
			"too_common":       "Ce mot de passe est l’un des plus courants.",
			"contains_email":   "Le mot de passe ne doit pas contenir votre adresse e-mail.",
			"contains_company": "Le mot de passe ne doit pas contenir le nom de votre entreprise.",
			"is_name":          "Le mot de passe ne doit pas être votre nom.",
		},
	}
}

func spanish() words {
	return words{
		heading: "Elegir una contraseña nueva", email: "Correo electrónico", newPassword: "Contraseña nueva",
		repeated: "Repetir la contraseña nueva",
		rules:    "Al menos 8 caracteres. Unas palabras sin relación son fáciles de recordar y difíciles de adivinar.",
		submit:   "Guardar la contraseña", doneHeading: "Su contraseña ha cambiado",
		done: "Todas sus sesiones han terminado. Ya puede iniciar sesión con la contraseña nueva " +
			"y cerrar esta página.",
		invalidHeading: "Este enlace no funciona",
		invalid: "El enlace está incompleto, ha caducado o ya se ha usado. Un enlace funciona una sola vez, " +
			"durante 30 minutos, " +
			"y deja de funcionar si cambia la contraseña. Solicite un enlace nuevo donde inicia sesión.",
		failedHeading: "No ha funcionado", tryAgain: "Inténtelo de nuevo en un momento.",
		different: "Las dos contraseñas son diferentes.",
		refused: map[string]string{
			"too_short": "La contraseña debe tener al menos 8 caracteres.", "too_long": "La contraseña es demasiado larga.",
			"invalid_text":     "La contraseña contiene caracteres que no se pueden usar.",
			"too_common":       "Esta contraseña es una de las más comunes.",
			"contains_email":   "La contraseña no debe contener su dirección de correo electrónico.",
			"contains_company": "La contraseña no debe contener el nombre de su empresa.",
			"is_name":          "La contraseña no debe ser su nombre.",
		},
	}
}
