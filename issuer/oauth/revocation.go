package oauth

import "net/url"

// ParseRevocation reads the form of a revocation request (RFC 7009 §2.1) and
// gives the token. The hint about its type is not needed. Error: *Error
// invalid_request.
func ParseRevocation(form url.Values) (token string, err error) {
	err = checkForm(form, clientParameters(parameter{name: "token", max: maxToken}, parameter{name: "token_type_hint", max: maxShort}))
	if err == nil {
		err = required(form, "token")
	}
	return form.Get("token"), err
}
