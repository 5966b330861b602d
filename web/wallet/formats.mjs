// One checker per format, and how to tamper with a credential of it.
import {checkLDP, tamperLDP} from './ldp.mjs';
import {checkSDJWT, tamperSDJWT} from './sdjwt.mjs';

export const formats = {
  'dc+sd-jwt': {check: checkSDJWT, tamper: tamperSDJWT},
  ldp_vc: {check: checkLDP, tamper: tamperLDP},
};
