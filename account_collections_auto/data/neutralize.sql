-- no company runs its daily cycle
UPDATE res_company
   SET collection_is_active = false, collection_statement_day = 0, collection_statement_date = NULL;

-- and none goes on with what was confirmed
UPDATE collection_cycle
   SET state = CASE WHEN is_planned THEN 'done' ELSE 'cancelled' END
 WHERE state = 'running';

-- what did not leave yet stays here
UPDATE collection_action_line
   SET is_live = false
 WHERE action_id IN (SELECT id FROM collection_action WHERE state IN ('planned', 'review', 'queued'));

UPDATE collection_action
   SET state = 'cancelled', reason_code = 'neutralized', reason_values = NULL
 WHERE state IN ('planned', 'review', 'queued');

UPDATE collection_statement_sent
   SET state = 'withheld', reason_code = 'neutralized', reason_values = NULL
 WHERE state = 'queued';

UPDATE mail_mail
   SET state = 'cancel'
 WHERE state IN ('outgoing', 'exception')
   AND (id IN (SELECT mail_id FROM collection_action UNION SELECT mail_id FROM collection_statement_sent
               UNION SELECT mail_id FROM collection_agency_message)
        OR mail_message_id IN (SELECT id FROM mail_message WHERE model LIKE 'collection.%'));

-- no card of a customer is charged
UPDATE collection_payment_plan_charge
   SET state = 'cancelled'
 WHERE state = 'prepared';

UPDATE collection_payment_plan
   SET charge_consent_on = NULL;

-- nor is anything sent that somebody asked for by hand
UPDATE collection_request
   SET state = 'cancelled'
 WHERE state IN ('draft', 'queued');

-- no report leaves by itself
UPDATE collection_report_schedule
   SET active = false;
