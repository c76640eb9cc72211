package mail

import "github.com/ai-interviewer-platform/interviewer/db/stored"

// phrases are the texts of one language. In braces: the name of the service (app) and of the company, the first name
// and the email of the user, a time, and the minutes for which a link is valid.
type phrases struct {
	greeting, copyLink, footer string
	kinds                      map[stored.MailKind]kindPhrases
}

// kindPhrases are the texts of a kind of mail: paragraphs before and after its link. A kind without a button has no
// link.
type kindPhrases struct {
	subject string
	before  []string
	button  string
	after   []string
}

// Languages lists the languages.
func Languages() []stored.Language {
	return []stored.Language{stored.LanguageEN, stored.LanguageDE, stored.LanguageFR, stored.LanguageES}
}

// phrasesOf returns the texts of a language; English for an unknown one.
func phrasesOf(language stored.Language) phrases {
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

func english() phrases {
	return phrases{
		greeting: "Hello {name},",
		copyLink: "If the button does not work, copy this address into your browser:",
		footer:   "{app} sends this mail to {email} because of your account at {company}.",
		kinds: map[stored.MailKind]kindPhrases{
			stored.MailKindPasswordReset: {
				subject: "Choose a new password for {app}",
				before:  []string{"Someone, probably you, asked for a new password for your account at {company}."},
				button:  "Choose a new password",
				after: []string{
					"The link works once and for {minutes} minutes.",
					"If you did not ask for it, you can ignore this mail. Your password stays as it is.",
				},
			},
			stored.MailKindPasswordChanged: {
				subject: "Your password for {app} was changed",
				before: []string{
					"The password of your account at {company} was changed ({time}). Your other sessions have ended.",
					"If you did this, or asked an administrator to, there is nothing more to do.",
					"If not, tell an administrator of {company} at once: somebody else may have access to your account.",
				},
			},
		},
	}
}

func german() phrases {
	return phrases{
		greeting: "Hallo {name},",
		copyLink: "Wenn die Schaltfläche nicht funktioniert, kopieren Sie diese Adresse in Ihren Browser:",
		footer:   "{app} sendet diese E-Mail an {email} wegen Ihres Kontos bei {company}.",
		kinds: map[stored.MailKind]kindPhrases{
			stored.MailKindPasswordReset: {
				subject: "Neues Passwort für {app} wählen",
				before: []string{
					"Jemand, vermutlich Sie, hat für Ihr Konto bei {company} ein neues Passwort angefordert.",
				},
				button: "Neues Passwort wählen",
				after: []string{
					"Der Link funktioniert einmal und {minutes} Minuten lang.",
					"Wenn Sie das nicht waren, können Sie diese E-Mail ignorieren. Ihr Passwort bleibt, wie es ist.",
				},
			},
			stored.MailKindPasswordChanged: {
				subject: "Ihr Passwort für {app} wurde geändert",
				before: []string{
					"Das Passwort Ihres Kontos bei {company} wurde geändert ({time}). Ihre anderen Sitzungen wurden beendet.",
					"Wenn Sie das waren oder die Administration darum gebeten haben, ist nichts weiter zu tun.",
					"Wenn nicht, wenden Sie sich sofort an die Administration von {company}: " +
						"Möglicherweise hat jemand anderes Zugang zu Ihrem Konto.",
				},
			},
		},
	}
}

func french() phrases {
	return phrases{
		greeting: "Bonjour {name},",
		copyLink: "Si le bouton ne fonctionne pas, copiez cette adresse dans votre navigateur :",
		footer:   "{app} envoie ce message à {email} en raison de votre compte chez {company}.",
		kinds: map[stored.MailKind]kindPhrases{
			stored.MailKindPasswordReset: {
				subject: "Choisissez un nouveau mot de passe pour {app}",
				before: []string{
					"Quelqu’un, probablement vous, a demandé un nouveau mot de passe pour votre compte chez {company}.",
				},
				button: "Choisir un nouveau mot de passe",
				after: []string{
					"Le lien fonctionne une seule fois, pendant {minutes} minutes.",
					"Si vous n’avez rien demandé, vous pouvez ignorer ce message. Votre mot de passe reste inchangé.",
				},
			},
			stored.MailKindPasswordChanged: {
				subject: "Votre mot de passe pour {app} a été modifié",
				before: []string{
					"Le mot de passe de votre compte chez {company} a été modifié ({time}). Vos autres sessions ont pris fin.",
					"Si vous l’avez fait, ou demandé à un administrateur de le faire, vous n’avez rien d’autre à faire.",
					"Sinon, prévenez immédiatement un administrateur de {company} : " +
						"quelqu’un d’autre a peut-être accès à votre compte.",
				},
			},
		},
	}
}

func spanish() phrases {
	return phrases{
		greeting: "Hola, {name}:",
		copyLink: "Si el botón no funciona, copie esta dirección en su navegador:",
		footer:   "{app} envía este mensaje a {email} por su cuenta en {company}.",
		kinds: map[stored.MailKind]kindPhrases{
			stored.MailKindPasswordReset: {
				subject: "Elija una contraseña nueva para {app}",
				before: []string{
					"Alguien, probablemente usted, ha solicitado una contraseña nueva para su cuenta en {company}.",
				},
				button: "Elegir una contraseña nueva",
				after: []string{
					"El enlace funciona una sola vez, durante {minutes} minutos.",
					"Si no lo ha solicitado, puede ignorar este mensaje. Su contraseña no cambia.",
				},
			},
			stored.MailKindPasswordChanged: {
				subject: "Se ha cambiado su contraseña de {app}",
				before: []string{
					"Se ha cambiado la contraseña de su cuenta en {company} ({time}). Sus demás sesiones han terminado.",
					"Si ha sido usted, o se lo ha pedido a un administrador, no tiene que hacer nada más.",
					"Si no, avise inmediatamente a un administrador de {company}: " +
						"es posible que otra persona tenga acceso a su cuenta.",
				},
			},
		},
	}
}
