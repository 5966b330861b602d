// One checker per format, and how to tamper with a credential of it. Where a checker
// asks several libraries, each is there by its name, to be tried alone.
import {checkJWTVC, tamperJWTVC} from './jwtvc.mjs';
import {checkLDP, tamperLDP} from './ldp.mjs';
import {checkMdoc, mdocLibraries, tamperMdoc} from './mdoc.mjs';
import {checkSDJWT, tamperSDJWT} from './sdjwt.mjs';

export const formats = {
  'dc+sd-jwt': {check: checkSDJWT, tamper: tamperSDJWT},
  jwt_vc_json: {check: checkJWTVC, tamper: tamperJWTVC},
  ldp_vc: {check: checkLDP, tamper: tamperLDP},
  mso_mdoc: {check: checkMdoc, tamper: tamperMdoc, libraries: mdocLibraries},
};
