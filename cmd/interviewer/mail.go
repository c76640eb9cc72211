package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ai-interviewer-platform/interviewer/server/messaging/mail"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/platform/smtp"
)

func (p program) mail() *cobra.Command {
	c := &cobra.Command{Use: "mail", Short: "Test the sending of mails"}
	c.AddCommand(&cobra.Command{
		Use: "test ADDRESS", Short: "Send a test mail", Args: cobra.ExactArgs(1),
		Long: `Sends one mail to an address, with SMTP_URL and MAIL_FROM, and prints what the server replied. It needs neither
the database nor Redis. To check the server without sending a mail, run "interviewer doctor".`,
		Example: "  interviewer mail test ada@acme.example",
		RunE: func(c *cobra.Command, args []string) error {
			settings, err := p.load()
			if err != nil {
				return err
			}
			return p.sendTestMail(c.Context(), settings, args[0])
		},
	})
	return c
}

func (p program) sendTestMail(ctx context.Context, c *config.Config, address string) error {
	if c.SMTPURL == "" {
		return errors.New("SMTP_URL is not set, so no mails are sent")
	}
	server, err := smtp.New(smtp.Options{
		URL: c.SMTPURL.Reveal(), From: c.MailFrom, Roots: p.mailRoots, Plain: c.Environment == config.Development,
	})
	if err != nil {
		return err
	}
	content, err := mail.Trial(ctx, c.AppName)
	if err != nil {
		return err
	}
	conn, err := server.Connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	source := clock.System()
	refused := conn.Send(smtp.Message{
		ID: source.ID().String(), Date: source.Now(), Address: address, Language: "en",
		Subject: content.Subject, Text: content.Text, HTML: content.HTML,
	})
	if refused != nil {
		return fmt.Errorf("the mail was not accepted: %w", refused)
	}
	return p.print("%s has accepted the mail.\n", server.Address())
}
