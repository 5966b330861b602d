-- Who holds a credential: the wallet instance whose attested key a refresh token is
-- bound to, the consent that a credential was issued under, who gave a consent for
-- another record, and which guardianships end on a day.

-- +goose Up
ALTER TABLE issue_grant ADD COLUMN instance TEXT NOT NULL DEFAULT ''; -- thumbprint of its key; '': none was attested
ALTER TABLE issuance ADD COLUMN consent_id TEXT NOT NULL DEFAULT ''; -- '': the person made the offer
ALTER TABLE consent ADD COLUMN representative_id TEXT; -- who holds what is issued; NULL: the registrant
CREATE INDEX issuance_consent ON issuance (consent_id) WHERE consent_id <> '';
CREATE INDEX consent_representative ON consent (representative_id, given_at) WHERE representative_id IS NOT NULL;
CREATE INDEX guardianship_until ON guardianship (valid_to, registrant_id) WHERE valid_to IS NOT NULL;

-- +goose Down
DROP INDEX guardianship_until;
DROP INDEX consent_representative;
DROP INDEX issuance_consent;
ALTER TABLE consent DROP COLUMN representative_id;
ALTER TABLE issuance DROP COLUMN consent_id;
ALTER TABLE issue_grant DROP COLUMN instance;
