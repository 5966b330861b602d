package issuer

import (
	"context"

	"github.com/google/uuid"

	"socialregistry/internal/fault"
	"socialregistry/issuer/ledger"
	"socialregistry/registry"
)

// Fields of a person by which messages find the way, where a registry defines them.
const (
	fieldLanguage  = "language"
	fieldPhone     = "phone_number"
	fieldEmail     = "email"
	fieldPreferred = "preferred_contact_method"
)

// PreferredContactField is the field in which a person says how to be reached, where a
// registry defines it.
func PreferredContactField() string { return fieldPreferred }

// addressFields are the lines of a letter, in their order.
func addressFields() []string {
	return []string{"address_line_1", "address_line_2", "locality", "region", "postal_code", "country"}
}

// contacts is how a person is to be reached: by the way that the person prefers if it
// is known, else by phone and e-mail, else by letter.
type contacts struct {
	Preferred string   `json:"preferred,omitempty"`
	Phone     string   `json:"phone_number,omitempty"`
	Email     string   `json:"email,omitempty"`
	Address   []string `json:"address,omitempty"` // lines
}

func (c contacts) none() bool { return c.Phone == "" && c.Email == "" && c.Address == nil }

// contactsOf reads no more than is needed: of several ways those that are preferred.
// What is urgent goes by no letter.
func contactsOf(values map[string]registry.Value, urgent bool) contacts {
	c := contacts{Preferred: values[fieldPreferred].Text}
	phone, email := values[fieldPhone].Text, values[fieldEmail].Text
	var address []string
	if values[addressFields()[0]].Text != "" && !urgent {
		for _, f := range addressFields() {
			if line := values[f].Text; line != "" {
				address = append(address, line)
			}
		}
	}
	switch {
	case (c.Preferred == "phone" || c.Preferred == "sms") && phone != "":
		c.Phone = phone
	case c.Preferred == "email" && email != "":
		c.Email = email
	case (c.Preferred == "letter" || c.Preferred == "visit") && address != nil:
		c.Address = address
	case phone != "" || email != "":
		c.Phone, c.Email = phone, email
	default:
		c.Address = address
	}
	return c
}

// kindSentCode is the kind of the sealed transaction code in the outbox.
const kindSentCode = "sent-code"

type sentCode struct {
	Offer string `json:"o"`
	Code  string `json:"c"`
}

// sealTxCode makes what the outbox holds of a transaction code until it has left.
func (i *Issuer) sealTxCode(o ledger.Offer, code string) (string, error) {
	return i.sentCodes.Seal(kindSentCode, sentCode{o.ID, code}, i.now().Add(2*offerLife))
}

func (i *Issuer) openTxCode(d ledger.Delivery) (string, error) {
	var c sentCode
	if err := i.sentCodes.Open(kindSentCode, d.Sealed, i.now(), &c); err != nil {
		return "", fault.Wrap(fault.Invalid, "code_unreadable", "The transaction code cannot be read.", err)
	}
	return c.Code, nil
}

// sendsTxCode says whether the transaction code of an offer goes to the person by the
// hook instead of to whoever makes the offer: when it is staff who makes it. It
// returns Conflict "no_contact" if there is no way to send it.
func (i *Issuer) sendsTxCode(ctx context.Context, a registry.Actor, o ledger.Offer) (bool, error) {
	if !i.messages.Hook || o.TxCodeMode == "" || !isStaff(a, toOffer) || a.RegistrantID == o.RegistrantID {
		return false, nil
	}
	to := o.RegistrantID
	if o.RepresentativeID != uuid.Nil {
		to = o.RepresentativeID
	}
	p, err := i.registry.Person(ctx, registry.System(), to)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return false, err
	}
	if contactsOf(p.Values, true).none() {
		return false, fault.New(fault.Conflict, "no_contact", "The person gave no phone number and no e-mail address: a transaction code cannot be sent.")
	}
	return true, nil
}
